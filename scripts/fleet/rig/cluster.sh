# Sourced by scripts/fleet-rig inside its namespaces: a Slurm cluster on the loopback device.
# shellcheck shell=bash

# start_cluster FOLDER: one controller, nodes n1 to n4; ready when it returns 0.
start_cluster() {
  local d=$1 n
  mkdir -p "$d"/{state,log,run,munge} "$d"/spool/n{1,2,3,4} "$d"/tmp/n{1,2,3,4}
  ip link set lo up
  # The resolver ignores a host that has only 127.0.0.1.
  ip addr add 127.0.0.2/8 dev lo
  hostname slurmbox
  # Addresses that no interface holds: mpirun takes these hosts for others than its own.
  printf '127.0.0.1 localhost slurmbox\n' >"$d/hosts"
  for n in 1 2 3 4; do printf '127.0.1.%d n%d\n' $n $n >>"$d/hosts"; done
  mount --bind "$d/hosts" /etc/hosts
  start_munge "$d" || return 1
  write_cgroup_configuration >"$d/cgroup.conf"
  write_configuration "$d" >"$d/slurm.conf"
  export SLURM_CONF=$d/slurm.conf
  slurmctld -D >"$d/log/slurmctld.out" 2>&1 &
  for n in 1 2 3 4; do slurmd -D -N n$n >"$d/log/slurmd-n$n.out" 2>&1 & done
  for _ in $(seq 80); do
    [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 4 ] && return 0
    sleep 0.25
  done
  printf 'the nodes do not come up:\n'
  tail -n 3 "$d"/log/*.out "$d"/log/*.log
  return 1
}

start_munge() {
  local d=$1
  head -c 1024 /dev/urandom >"$d/munge.key"
  chmod 400 "$d/munge.key"
  chmod 755 "$d/munge"
  munged --force --key-file="$d/munge.key" --socket="$d/munge/socket" --pid-file="$d/munge/pid" \
    --seed-file="$d/munge/seed" --log-file="$d/log/munged.log"
  munge -n --socket="$d/munge/socket" | unmunge --socket="$d/munge/socket" | grep -q Success ||
    { printf 'munge does not work\n'; return 1; }
}

write_cgroup_configuration() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    printf 'CgroupPlugin=cgroup/v2\nIgnoreSystemd=yes\n'
  else
    printf 'CgroupPlugin=cgroup/v1\n'
  fi
  printf 'CgroupMountpoint=/sys/fs/cgroup\n'
  printf 'Constrain%s=no\n' Cores RAMSpace SwapSpace Devices
}

write_configuration() {
  local d=$1
  cat <<CONFIGURATION
ClusterName=rig
SlurmctldHost=slurmbox(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$d/munge/socket
StateSaveLocation=$d/state
SlurmctldPidFile=$d/run/slurmctld.pid
SlurmdPidFile=$d/run/slurmd-%n.pid
SlurmctldLogFile=$d/log/slurmctld.log
SlurmdLogFile=$d/log/slurmd-%n.log
SlurmdSpoolDir=$d/spool/%n
TmpFS=$d/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$d/log/jobs.log
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=5
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0
NodeName=n[1-4] NodeHostname=slurmbox NodeAddr=127.0.0.1 Port=[17001-17004] CPUs=1 RealMemory=1000
PartitionName=rig Nodes=ALL Default=YES MaxTime=600 State=UP
CONFIGURATION
}
