# Sourced by scripts/fleet-rig inside its namespaces: what must hold on a cluster. Each test says why it failed.
# shellcheck shell=bash

quick=(--kernel fma_peak --placement core0 --processes 1)
medium=(--kernel fma_peak --placement core0 --processes 6 --time-budget 300)
long=(--kernel fma_peak --placement core0 --processes 100 --time-budget 300)

# run_tests FOLDER PROGRAM: prints a line a test; 1 when one of them failed.
run_tests() {
  D=$1 failed=0
  unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 HWLOC_COMPONENTS=-gl,-opencl
  export FLEET_PROGRAM=$2 FLEET_SHARE=$D/share FLEET_SCRATCH=$D/scratch
  mkdir -p "$D/share" "$D/scratch" "$D/log"
  start_cluster "$D" || return 1
  try T1 "four hosts, all in the merge" four_hosts
  try T2 "a host whose process is killed is named" killed_host
  try T3 "the missing host, run again, completes the merge" missing_host_again
  try T4 "SIGUSR1 ends a job well with partial rows" early_end
  try T5 "a job that is queued again goes on without duplicates" queued_again
  try T6 "two jobs at once stay apart" two_jobs
  try T7 "a share that takes nothing costs no result" bad_shares
  try T8 "mpirun with a killed rank loses no row that was written" killed_rank
  return $failed
}

# try NAME TITLE FUNCTION
try() {
  local start=$SECONDS output
  if output=$("$3" 2>&1); then
    printf 'ok      %s %-62s %3d s\n' "$1" "$2" $((SECONDS - start))
  else
    printf 'FAILED  %s %-62s %3d s\n%s\n' "$1" "$2" $((SECONDS - start)) "$output"
    failed=1
  fi
}

# check WHAT COMMAND…: ends the test with WHAT when the command fails.
check() {
  local what=$1
  shift
  "$@" || { printf 'not so: %s\n' "$what"; exit 1; }
}

# until_true SECONDS COMMAND…
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

# submit FOLDER-OR-EMPTY SBATCH-OPTIONS -- RUN-OPTIONS: prints the number of the job.
submit() {
  local folder=$1 options=()
  shift
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  FLEET_FOLDER=$folder sbatch --parsable --output="$D/log/job-%j.txt" "${options[@]}" \
    scripts/fleet/plimsoll.sbatch "$@"
}

# ended JOB: true once it is over for good; squeue alone may say nothing of a job between two starts.
ended() { exit_of "$1" 2>/dev/null | grep -qE '^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)'; }

# waits JOB: true while it is in the queue and does not run.
waits() { [ "$(squeue -h -j "$1" -o %T)" = PENDING ]; }

# exit_of JOB: `COMPLETED 0:0` and the like.
exit_of() { scontrol show job "$1" | sed -nE 's/.*JobState=([A-Z]+).*/\1/p; s/.*ExitCode=([0-9:]+).*/\1/p' | xargs; }

# process_of VARIABLE=VALUE JOB: the program's process with this variable, in a step of the job where one is given.
process_of() {
  local pid
  for pid in $(pgrep -f "^$FLEET_PROGRAM run "); do
    tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "$1" || continue
    [ -z "${2:-}" ] || tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "SLURM_JOB_ID=$2" || continue
    echo "$pid"
    return
  done
  return 1
}

# journals FOLDER: those of all runs.
journals() { find "$1" -name '*.samples.csv' 2>/dev/null | sort; }

# have_records FOLDER COUNT: true once four runs have written so many each.
have_records() {
  local file
  [ "$(journals "$1" | wc -l)" -eq 4 ] || return 1
  for file in $(journals "$1"); do [ "$(records "$file")" -ge "$2" ] || return 1; done
}

# records JOURNAL: pairs of row and process.
records() { tail -n +2 "$1" | cut -d, -f2-4 | sort -u | wc -l; }

# keep FOLDER COPY: a copy of the journals as they are now, without a line that is being written.
keep() {
  local file
  mkdir -p "$2"
  for file in $(journals "$1"); do
    sed -n 'p' "$file" | awk 'NR > 1 { print last } { last = $0 }' >"$2/$(basename "$file")"
  done
}

# kept COPY FOLDER: every kept journal is the beginning of the one that lies in the folder now.
kept() {
  local copy file
  for copy in "$1"/*; do
    file=$(find "$2" -name "$(basename "$copy")")
    [ -s "$copy" ] && [ -n "$file" ] && cmp -s -n "$(stat -c %s "$copy")" "$copy" "$file" || return 1
  done
}

# rows FILE: hosts, rows and states of a merged file; hosts FILE: how many.
rows() { "$FLEET_PROGRAM" show "$1" --columns host_label,row_key,status --format csv | sort; }
hosts() { rows "$1" | grep -v '^host_label' | cut -d, -f1 | sort -u | wc -l; }
# all_are STATE FILE: prints the rows where not.
all_are() {
  [ "$(rows "$2" | grep -v '^host_label' | cut -d, -f3 | sort -u)" = "$1" ] || { rows "$2" && return 1; }
}

four_hosts() {
  local job
  job=$(submit "" -W -N4 -- "${quick[@]}")
  check "the job and its merge end with 0 ($(exit_of "$job"))" [ "$(exit_of "$job")" = "COMPLETED 0:0" ]
  check "four hosts are in the merge" [ "$(hosts "$D/share/$job/fleet.csv")" -eq 4 ]
  check "all rows are ok" all_are ok "$D/share/$job/fleet.csv"
  check "no file holds a node's name, nor is called by it" [ -z "$(named "$D/share/$job")" ]
  cp "$D/share/$job/fleet.csv" "$D/unbroken.csv"
}

# named FOLDER: files that hold the name of a node or are called by it; the list of those expected must.
named() {
  grep -rlwE 'n[1-4]|slurmbox' "$1" | grep -v '/expect.txt$'
  find "$1" -regex '.*\(n[1-4]\|slurmbox\)[^/]*'
}

killed_host() {
  local job folder status
  job=$(submit "" -N4 -- "${medium[@]}")
  folder=$D/share/$job
  check "n3 measures" until_true 20 process_of SLURMD_NODENAME=n3 "$job" >/dev/null
  kill -9 "$(process_of SLURMD_NODENAME=n3 "$job")"
  check "the job ends" until_true 60 ended "$job"
  check "the merge says 1 ($(exit_of "$job"))" [ "$(exit_of "$job")" = "FAILED 1:0" ]
  check "the job's output names n3" grep -qx 'n3' "$D/log/job-$job.txt"
  status=0
  missing "$folder" >"$D/missing.txt" 2>/dev/null || status=$?
  check "--missing says 1 ($status)" [ $status -eq 1 ]
  check "--missing prints n3 and nothing else" [ "$(cat "$D/missing.txt")" = n3 ]
  check "three hosts are in the merge" [ "$(hosts "$folder/fleet.csv")" -eq 3 ]
  echo "$folder" >"$D/broken"
}

missing() {
  "$FLEET_PROGRAM" merge "$1" --expect-hosts "$1/expect.txt" --host-salt "$FLEET_SHARE.salt" --missing --as-nodelist
}

missing_host_again() {
  local job folder
  folder=$(cat "$D/broken")
  job=$(submit "$folder" -W -N1 "--nodelist=$(missing "$folder" 2>/dev/null)" -- "${medium[@]}")
  check "the job and its merge end with 0 ($(exit_of "$job"))" [ "$(exit_of "$job")" = "COMPLETED 0:0" ]
  check "nothing is missing" missing "$folder"
  # Times differ from run to run; hosts, rows and their states must not.
  check "hosts, rows and states are those of an unbroken merge" \
    cmp <(rows "$D/unbroken.csv") <(rows "$folder/fleet.csv")
}

early_end() {
  local job folder
  job=$(submit "" -N4 -- "${long[@]}")
  folder=$D/share/$job
  check "all hosts measure" until_true 30 have_records "$D/scratch/plimsoll-$job" 2
  keep "$D/scratch/plimsoll-$job" "$D/kept-$job"
  scancel --signal=USR1 "$job"
  check "the job ends" until_true 30 ended "$job"
  check "the job and its merge end with 0 ($(exit_of "$job"))" [ "$(exit_of "$job")" = "COMPLETED 0:0" ]
  check "four hosts are in the merge" [ "$(hosts "$folder/fleet.csv")" -eq 4 ]
  check "all rows are partial" all_are partial "$folder/fleet.csv"
  check "what was written before the signal was published" kept "$D/kept-$job" "$folder"
}

queued_again() {
  local job folder local file
  job=$(submit "" -N4 -- "${medium[@]}")
  folder=$D/share/$job local=$D/scratch/plimsoll-$job
  check "all hosts measure" until_true 30 have_records "$local" 2
  keep "$local" "$D/kept-$job"
  scontrol requeue "$job"
  check "the job waits again" until_true 20 waits "$job"
  # Slurm holds a job back for two minutes before its second start; a second suffices, in which the nodes learn
  # that the credentials of the first start are void.
  sleep 2
  scontrol update "JobId=$job" StartTime=now
  check "the job ends" until_true 90 ended "$job"
  check "the job was started again" grep -q 'The job was started again; going on with' "$D/log/job-$job.txt"
  check "the job and its merge end with 0 ($(exit_of "$job"))" [ "$(exit_of "$job")" = "COMPLETED 0:0" ]
  check "there are four runs, not eight" [ "$(find "$local" -name '*.meta.json' | wc -l)" -eq 4 ]
  check "what was written before is still there" kept "$D/kept-$job" "$local"
  for file in $(journals "$local"); do
    check "no sample stands twice" [ -z "$(cut -d, -f2-5 "$file" | sort | uniq -d)" ]
  done
  check "all rows are ok" all_are ok "$folder/fleet.csv"
  check "hosts and rows are those of an unbroken merge" cmp <(rows "$D/unbroken.csv") <(rows "$folder/fleet.csv")
}

two_jobs() {
  local a b
  a=$(submit "" -N2 -- "${quick[@]}")
  b=$(submit "" -N2 -- "${quick[@]}")
  check "both end" until_true 40 ended "$a"
  check "both end" until_true 40 ended "$b"
  for job in $a $b; do
    check "job $job ends with 0" [ "$(exit_of "$job")" = "COMPLETED 0:0" ]
    check "job $job has its own two hosts" [ "$(hosts "$D/share/$job/fleet.csv")" -eq 2 ]
  done
  check "no host or run is in both" [ -z "$(comm -12 <(runs "$a") <(runs "$b"))" ]
}

runs() { find "$D/share/$1" -name '*.meta.json' -printf '%f\n' | sort; }

bad_shares() {
  local share status
  for share in read-only full; do
    mkdir -p "$D/$share"
    mount -t tmpfs -o size=8k tmpfs "$D/$share"
    [ $share = full ] || mount -o remount,ro "$D/$share"
    status=0
    "$FLEET_PROGRAM" run "${quick[@]}" -o "$D/local-$share" --publish "$D/$share" >"$D/out" 2>"$D/err" ||
      status=$?
    check "the exit status is 74, not $status ($share)" [ $status -eq 74 ]
    check "the message names the local file ($share)" \
      grep -q "results stay in $D/local-$share/.*\.csv" "$D/err"
    check "the local file is whole ($share)" \
      "$FLEET_PROGRAM" validate "$(find "$D/local-$share" -name '*.csv' ! -name '*.samples.csv')"
    check "nothing half is on the share" [ -z "$(find "$D/$share" -name '.*tmp*')" ]
    umount "$D/$share"
  done
}

killed_rank() {
  local folder local pid run status
  printf 'n1\nn2\nn3\nn4\n' >"$D/hosts.txt"
  export FLEET_SHARE=$D/mpi
  export MPIRUN_ARGS="--mca plm rsh --mca plm_rsh_agent $PWD/scripts/fleet/rig/remote-shell
    --mca oob_tcp_if_include lo --mca btl_tcp_if_include lo"
  scripts/fleet/mpirun.sh "$D/hosts.txt" "$FLEET_SHARE" "${medium[@]}" >"$D/mpi.out" 2>&1 &
  pid=$!
  local=$D/scratch
  rm -rf "$local" && mkdir "$local"
  check "all hosts measure" until_true 30 have_records "$local" 2
  keep "$local" "$D/kept-mpi"
  kill -9 "$(process_of OMPI_COMM_WORLD_RANK=2)"
  status=0
  wait $pid || status=$?
  folder=$(find "$D/mpi" -mindepth 1 -maxdepth 1 -type d)
  check "the merge says 1 ($status)" [ $status -eq 1 ]
  check "the output names n3" grep -qx n3 "$D/mpi.out"
  check "every row that was written is still there" kept "$D/kept-mpi" "$local"
  # The killed rank's run goes on where it was.
  run=$(grep -l '"node_rank": *2\|,openmpi,,2,' "$local"/*/*.csv | grep -v samples | head -1)
  check "the killed rank's run is found" [ -n "$run" ]
  check "it goes on" "$FLEET_PROGRAM" run --resume "$run" --publish "$folder"
  check "the rows of before are its beginning" kept "$D/kept-mpi" "$local"
  missing "$folder" >"$D/missing.txt" 2>/dev/null
  check "n3 is there now" [ -z "$(grep -w n3 "$D/missing.txt")" ]
}
