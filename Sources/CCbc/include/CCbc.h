// COIN-OR's CBC (mixed-integer programs) and Clp (linear programs), opened when a program is solved and not when the
// program is built: no header of COIN and no link to it, so a host without the libraries builds and runs, and hears
// from ccbc_missing what to install. EPL-2.0 libraries, used through their C interfaces.
#ifndef PLIMSOLL_CCBC_H
#define PLIMSOLL_CCBC_H

/// minimise cost·x, row_lower ≤ A·x ≤ row_upper, column_lower ≤ x ≤ column_upper; A by columns: column j holds
/// entries starts[j] ..< starts[j + 1]. An absent bound is ±infinity.
typedef struct {
  int columns, rows;
  const int *starts;
  const int *indices;
  const double *values;
  const double *column_lower, *column_upper, *cost;
  const double *row_lower, *row_upper;
  /// One a column, not 0 for an integer; NULL for a linear program.
  const unsigned char *is_integer;
} ccbc_problem;

/// How a solve ended.
enum {
  CCBC_OPTIMAL = 0,     ///< proved, within the gap that was asked for
  CCBC_FEASIBLE = 1,    ///< stopped at a limit with a solution
  CCBC_INFEASIBLE = 2,  ///< proved to have no solution
  CCBC_UNBOUNDED = 3,   ///< the cost falls without end
  CCBC_LIMIT = 4,       ///< stopped at a limit without a solution, or given up
  CCBC_MISSING = -1     ///< the library or one of its functions is not here
};

/// NULL where both libraries open and hold every function; else what is missing. A NULL name stands for Debian's
/// names. The text lives until this thread's next call.
const char *ccbc_missing(const char *solver_library, const char *simplex_library);

/// Solves by branch and cut on one thread, silently. `start`, `columns` long or NULL, is a solution to begin from.
/// values: `columns` long, written where a solution was found. One solve at a time in a process: CBC keeps its
/// parameters in global variables.
int ccbc_solve(
    const char *solver_library, const ccbc_problem *problem, double seconds, double relative_gap, int nodes,
    const double *start, double *values, double *objective, double *bound);

/// Solves without the integers. CCBC_INFEASIBLE says here that there is no optimum: Clp's presolve and its dual method
/// confuse a program without an end with one without a solution. values and reduced_costs: `columns` long; duals: `rows` long, the change of the cost
/// for each unit that a row's limit rises.
int ccbc_relax(
    const char *simplex_library, const ccbc_problem *problem, double seconds, double *values, double *duals,
    double *reduced_costs, double *objective);

/// A linear program that is solved again and again with other column limits, each time from the last basis.
typedef struct ccbc_session ccbc_session;

/// NULL where the library is not here.
ccbc_session *ccbc_session_open(const char *simplex_library, const ccbc_problem *problem);

/// As ccbc_relax, with other column limits, `columns` long. CCBC_INFEASIBLE also where the least cost is proved to be
/// above `most`, which saves the rest of the solve; INFINITY for no such limit.
int ccbc_session_solve(
    ccbc_session *session, const double *column_lower, const double *column_upper, double most, double *values,
    double *duals, double *reduced_costs, double *objective);

/// Frees the session.
void ccbc_session_close(ccbc_session *session);

/// Seconds that the processor has spent on this thread.
double ccbc_processor_seconds(void);

#endif
