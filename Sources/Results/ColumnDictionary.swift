// The text of results/README.md, made from the schemas: the dictionary cannot drift from the files.

import Tables

/// The column dictionary of result files.
public enum ColumnDictionary {
  /// The whole page.
  public static var text: String {
    """
    # Result files

    This page is made by `plimsoll validate --columns`; change the schema, not the page.

    `plimsoll run` leaves five files with one stem, `<UTC time>_<machine>_<suite>_<run>`:

    | file | holds |
    |---|---|
    | `.csv` | one row for each case and placement, also for those that failed or were skipped |
    | `.samples.csv` | the journal: every sample, appended while the run goes on; the truth that rows come from |
    | `.reports.jsonl` | what each process says of each row beside its samples, a line each; `run --resume` needs it |
    | `.meta.json` | settings, environment, what the machine's identity rests on, warnings |
    | `.topology.xml` | the machine as hwloc sees it, without names and serial numbers |

    A `.lock` stands beside them while the run goes on, and a `.log` where a crash left something unfinished.

    UTF-8, LF, RFC 4180 quoting, decimal point, UTC times in ISO 8601. Units stand in the column names: seconds,
    bytes; GFLOP/s and GB/s are decimal. Truth values are 0 or 1. An empty cell is unknown or does not apply; it is
    never 0. Columns are only ever appended, with a new `schema_version`. Every row carries its machine, so files
    can be concatenated without their headers. No file holds a host name, a user or a path.

    ## Columns of `.csv`

    \(ResultRow.schema.dictionary)
    ## Columns of `.samples.csv`

    \(SampleRow.schema.dictionary)
    """
  }
}
