#!/bin/bash
# Measures every host of a host file with one process each, started by mpirun; no MPI is used beyond the start.
#   scripts/fleet/mpirun.sh HOSTFILE SHARE [arguments of 'plimsoll run']
# HOSTFILE names a host a line, SHARE is a folder that all hosts see. FLEET_PROGRAM, FLEET_SCRATCH, FLEET_LABEL as in
# plimsoll.sbatch. MPIRUN_ARGS holds more options of mpirun, e.g. for root or for a network interface.
set -uo pipefail
[ $# -ge 2 ] || { echo "usage: mpirun.sh HOSTFILE SHARE [arguments of plimsoll run]" >&2; exit 64; }
hosts=$1 share=$2
shift 2
program=${FLEET_PROGRAM:-plimsoll}
job=$(date -u +%Y%m%dT%H%M%SZ)-$$
folder=$share/$job
names=(--host-label pseudonym --host-salt "$share.salt")
secret=(--host-salt "$share.salt")
if [ -n "${FLEET_LABEL:-}" ]; then names=(--host-label "$FLEET_LABEL") secret=(); fi
mkdir -p "$folder" || exit 74
awk '!/^ *(#|$)/ { print $1 }' "$hosts" | sort -u >"$folder/expect.txt"
mapfile -t nodes <"$folder/expect.txt"
if [ "${#nodes[@]}" -eq 0 ]; then echo "mpirun.sh: $hosts names no host" >&2; exit 65; fi
list=$(IFS=,; echo "${nodes[*]}")
run=("$program" run "$@" -o "${FLEET_SCRATCH:-/tmp}/plimsoll-$job" --publish "$folder" "${names[@]}")

# One process a host, free on all its cores: Open MPI would bind each to one core by default.
if mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
  # shellcheck disable=SC2086  # several words on purpose
  mpirun ${MPIRUN_ARGS:-} --host "$list" --map-by ppr:1:node --bind-to none "${run[@]}"
else
  # shellcheck disable=SC2086
  mpiexec ${MPIRUN_ARGS:-} -hosts "$list" -ppn 1 -n "${#nodes[@]}" -bind-to none "${run[@]}"
fi
# mpirun ends all ranks when one of them dies, so what follows counts who is there.
exec "$program" merge "$folder" --expect-hosts "$folder/expect.txt" "${secret[@]}" -o "$folder/fleet.csv"
