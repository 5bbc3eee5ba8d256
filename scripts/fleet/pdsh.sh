#!/bin/bash
# Measures every host of a host file over ssh with pdsh, 64 at a time unless FANOUT says otherwise.
#   scripts/fleet/pdsh.sh HOSTFILE SHARE [arguments of 'plimsoll run']
# HOSTFILE names a host a line, as 'hostname' prints it there; SHARE is a folder that all hosts see. FLEET_PROGRAM,
# FLEET_SCRATCH and FLEET_LABEL as in plimsoll.sbatch.
set -uo pipefail
[ $# -ge 2 ] || { echo "usage: pdsh.sh HOSTFILE SHARE [arguments of plimsoll run]" >&2; exit 64; }
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
# The remote shell takes one string: every word is quoted for it.
command=$(printf '%q ' "$program" run "$@" -o "${FLEET_SCRATCH:-/tmp}/plimsoll-$job" --publish "$folder" \
  "${names[@]}" --start-jitter "${FLEET_JITTER:-0}")
pdsh -R ssh -w "^$folder/expect.txt" -f "${FANOUT:-64}" "$command >/dev/null"
exec "$program" merge "$folder" --expect-hosts "$folder/expect.txt" "${secret[@]}" -o "$folder/fleet.csv"
