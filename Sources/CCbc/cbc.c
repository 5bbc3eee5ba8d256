// See CCbc.h. Functions are looked up by name at each solve, which costs microseconds; libraries stay open, since
// unloading C++ libraries with static objects is not safe.

#include "CCbc.h"

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void model;

typedef struct {
  model *(*new_model)(void);
  void (*delete_model)(model *);
  void (*load)(
      model *, int, int, const int *, const int *, const double *, const double *, const double *, const double *,
      const double *, const double *);
  void (*set_integer)(model *, int);
  void (*set_parameter)(model *, const char *, const char *);
  void (*set_log_level)(model *, int);
  void (*set_start)(model *, int, const int *, const double *);
  int (*solve)(model *);
  int (*is_optimal)(model *);
  int (*is_infeasible)(model *);
  int (*is_unbounded)(model *);
  int (*saved_solutions)(model *);
  const double *(*solution)(model *);
  double (*objective)(model *);
  double (*bound)(model *);
} cbc;

typedef struct {
  model *(*new_model)(void);
  void (*delete_model)(model *);
  void (*load)(
      model *, int, int, const int *, const int *, const double *, const double *, const double *, const double *,
      const double *, const double *);
  void (*set_log_level)(model *, int);
  void (*set_seconds)(model *, double);
  int (*solve)(model *);
  int (*solve_again)(model *, int);
  void (*set_lower)(model *, const double *);
  void (*set_upper)(model *, const double *);
  void (*set_objective_limit)(model *, double);
  int (*status)(model *);
  double *(*values)(model *);
  double *(*duals)(model *);
  double *(*reduced_costs)(model *);
  double (*objective)(model *);
} clp;

static _Thread_local char missing[256];

static void *library(const char *name, const char *versioned, const char *plain) {
  void *handle = name ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : dlopen(versioned, RTLD_NOW | RTLD_LOCAL);
  if (!handle && !name) handle = dlopen(plain, RTLD_NOW | RTLD_LOCAL);
  if (!handle) snprintf(missing, sizeof missing, "%s", name ? name : versioned);
  return handle;
}

/// Stores the address of each function; 0 where one is missing.
static int find(void *handle, const char *const *names, void **functions, int count) {
  for (int i = 0; i < count; i++) {
    void *found = dlsym(handle, names[i]);
    if (!found) {
      snprintf(missing, sizeof missing, "%s", names[i]);
      return 0;
    }
    memcpy(&functions[i], &found, sizeof found);
  }
  return 1;
}

static int open_cbc(const char *name, cbc *functions) {
  static const char *const names[] = {
      "Cbc_newModel", "Cbc_deleteModel", "Cbc_loadProblem", "Cbc_setInteger", "Cbc_setParameter",
      "Cbc_setLogLevel", "Cbc_setMIPStartI", "Cbc_solve", "Cbc_isProvenOptimal", "Cbc_isProvenInfeasible",
      "Cbc_isContinuousUnbounded", "Cbc_numberSavedSolutions", "Cbc_getColSolution", "Cbc_getObjValue",
      "Cbc_getBestPossibleObjValue"};
  _Static_assert(sizeof(cbc) == sizeof names, "one name a function");
  void *handle = library(name, "libCbcSolver.so.3", "libCbcSolver.so");
  return handle && find(handle, names, (void **)functions, sizeof names / sizeof *names);
}

static int open_clp(const char *name, clp *functions) {
  static const char *const names[] = {
      "Clp_newModel", "Clp_deleteModel", "Clp_loadProblem", "Clp_setLogLevel", "Clp_setMaximumSeconds",
      "Clp_initialDualSolve", "Clp_dual", "Clp_chgColumnLower", "Clp_chgColumnUpper", "Clp_setDualObjectiveLimit",
      "Clp_status", "Clp_primalColumnSolution", "Clp_dualRowSolution", "Clp_dualColumnSolution",
      "Clp_objectiveValue"};
  _Static_assert(sizeof(clp) == sizeof names, "one name a function");
  void *handle = library(name, "libClp.so.1", "libClp.so");
  return handle && find(handle, names, (void **)functions, sizeof names / sizeof *names);
}

const char *ccbc_missing(const char *solver_library, const char *simplex_library) {
  cbc solver;
  clp simplex;
  return open_cbc(solver_library, &solver) && open_clp(simplex_library, &simplex) ? NULL : missing;
}

static void set_number(const cbc *functions, model *m, const char *name, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.17g", value);
  functions->set_parameter(m, name, text);
}

int ccbc_solve(
    const char *solver_library, const ccbc_problem *problem, double seconds, double relative_gap, int nodes,
    const double *start, double *values, double *objective, double *bound) {
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  cbc functions;
  if (!open_cbc(solver_library, &functions)) return CCBC_MISSING;
  pthread_mutex_lock(&one_at_a_time);
  model *m = functions.new_model();
  functions.load(
      m, problem->columns, problem->rows, problem->starts, problem->indices, problem->values, problem->column_lower,
      problem->column_upper, problem->cost, problem->row_lower, problem->row_upper);
  for (int j = 0; problem->is_integer && j < problem->columns; j++) {
    if (problem->is_integer[j]) functions.set_integer(m, j);
  }
  functions.set_log_level(m, 0);
  functions.set_parameter(m, "slogLevel", "0");
  set_number(&functions, m, "ratioGap", relative_gap);
  set_number(&functions, m, "allowableGap", 0);
  if (isfinite(seconds)) set_number(&functions, m, "seconds", seconds);
  if (nodes >= 0) set_number(&functions, m, "maxNodes", nodes);
  int *columns = start ? malloc(sizeof(int) * (size_t)(problem->columns + 1)) : NULL;
  if (columns) {
    for (int j = 0; j < problem->columns; j++) columns[j] = j;
    functions.set_start(m, problem->columns, columns, start);
    free(columns);
  }
  functions.solve(m);
  int status = CCBC_LIMIT;
  if (functions.is_infeasible(m)) {
    status = CCBC_INFEASIBLE;
  } else if (functions.is_unbounded(m)) {
    status = CCBC_UNBOUNDED;
  } else if (functions.saved_solutions(m) > 0 || functions.is_optimal(m)) {
    status = functions.is_optimal(m) ? CCBC_OPTIMAL : CCBC_FEASIBLE;
    memcpy(values, functions.solution(m), sizeof(double) * (size_t)problem->columns);
    *objective = functions.objective(m);
  }
  *bound = functions.bound(m);
  functions.delete_model(m);
  pthread_mutex_unlock(&one_at_a_time);
  return status;
}

static model *loaded(const clp *functions, const ccbc_problem *problem) {
  model *m = functions->new_model();
  functions->set_log_level(m, 0);
  functions->load(
      m, problem->columns, problem->rows, problem->starts, problem->indices, problem->values, problem->column_lower,
      problem->column_upper, problem->cost, problem->row_lower, problem->row_upper);
  return m;
}

static int answer(
    const clp *functions, model *m, int columns, int rows, double *values, double *duals, double *reduced_costs,
    double *objective) {
  int status = functions->status(m);
  if (status == 1 || status == 2) return CCBC_INFEASIBLE;
  if (status != 0) return CCBC_LIMIT;
  memcpy(values, functions->values(m), sizeof(double) * (size_t)columns);
  memcpy(duals, functions->duals(m), sizeof(double) * (size_t)rows);
  memcpy(reduced_costs, functions->reduced_costs(m), sizeof(double) * (size_t)columns);
  *objective = functions->objective(m);
  return CCBC_OPTIMAL;
}

int ccbc_relax(
    const char *simplex_library, const ccbc_problem *problem, double seconds, double *values, double *duals,
    double *reduced_costs, double *objective) {
  clp functions;
  if (!open_clp(simplex_library, &functions)) return CCBC_MISSING;
  model *m = loaded(&functions, problem);
  if (isfinite(seconds)) functions.set_seconds(m, seconds);
  functions.solve(m);
  int status = answer(&functions, m, problem->columns, problem->rows, values, duals, reduced_costs, objective);
  functions.delete_model(m);
  return status;
}

struct ccbc_session {
  clp functions;
  model *m;
  int columns, rows, is_solved;
};

ccbc_session *ccbc_session_open(const char *simplex_library, const ccbc_problem *problem) {
  clp functions;
  if (!open_clp(simplex_library, &functions)) return NULL;
  ccbc_session *session = malloc(sizeof *session);
  if (!session) return NULL;
  *session = (ccbc_session){functions, loaded(&functions, problem), problem->columns, problem->rows, 0};
  return session;
}

int ccbc_session_solve(
    ccbc_session *session, const double *column_lower, const double *column_upper, double most, double *values,
    double *duals, double *reduced_costs, double *objective) {
  clp *functions = &session->functions;
  functions->set_objective_limit(session->m, isfinite(most) ? most : DBL_MAX);
  functions->set_lower(session->m, column_lower);
  functions->set_upper(session->m, column_upper);
  if (session->is_solved) {
    functions->solve_again(session->m, 0);
  } else {
    functions->solve(session->m);
  }
  session->is_solved = 1;
  return answer(
      functions, session->m, session->columns, session->rows, values, duals, reduced_costs, objective);
}

void ccbc_session_close(ccbc_session *session) {
  session->functions.delete_model(session->m);
  free(session);
}

double ccbc_processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
