#!/bin/bash
# A SLURM of one node on this machine, for tests; needs root and Debian's packages slurm-wlm and munge:
#   tests/slurm/cluster.sh start FOLDER     starts it and waits until it takes jobs; all its files lie in FOLDER
#   tests/slurm/cluster.sh stop FOLDER      stops it
# In a shell of one's own: export SLURM_CONF=FOLDER/slurm.conf; sinfo; sbatch ...
set -u -o pipefail

command=${1:?start or stop}
folder=$(realpath -m "${2:?folder}")
conf="$folder/slurm.conf"
socket="$folder/munge.socket"

stop() {
  for name in slurmd slurmctld munged; do
    [[ -f "$folder/$name.pid" ]] && kill "$(<"$folder/$name.pid")" 2>/dev/null
  done
  for _ in {1..100}; do
    running=0
    for name in slurmd slurmctld munged; do
      [[ -f "$folder/$name.pid" ]] && kill -0 "$(<"$folder/$name.pid")" 2>/dev/null && running=1
    done
    ((running)) || return 0
    sleep 0.1
  done
  echo "some of SLURM did not stop" >&2
  return 1
}

if [[ $command == stop ]]; then
  stop
  exit
fi

for program in munged slurmctld slurmd sbatch; do
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || { echo "no $program: apt-get install slurm-wlm munge" >&2; exit 3; }
done
export PATH="$PATH:/usr/sbin"
if [[ $(id -u) != 0 ]]; then
  echo "starting slurmd needs root" >&2
  exit 3
fi

mkdir -p "$folder"/{state,spool,munge}
chmod 755 "$folder"
chmod 700 "$folder/munge"
[[ -f "$folder/munge/key" ]] || { head -c 128 /dev/urandom >"$folder/munge/key" && chmod 400 "$folder/munge/key"; }

host=$(hostname -s)
# As many as OMP_NUM_THREADS says is no number of cores; and two tasks fit on one.
cores=$(env -u OMP_NUM_THREADS nproc)
((cores < 2)) && cores=2
cat >"$conf" <<EOF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
SlurmctldPort=${SLURM_TEST_PORT:-16817}
SlurmdPort=$((${SLURM_TEST_PORT:-16817} + 1))
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
# No cgroups: processes are found by their parents.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=300
KillWait=60
JobRequeue=1
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
EOF

export SLURM_CONF="$conf"
munged --force --num-threads=2 --socket="$socket" --key-file="$folder/munge/key" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munge/seed" || { echo "munged did not start" >&2; exit 1; }
slurmctld -c || { echo "slurmctld did not start" >&2; tail -n 5 "$folder/slurmctld.log" >&2; stop; exit 1; }
slurmd || { echo "slurmd did not start" >&2; tail -n 5 "$folder/slurmd.log" >&2; stop; exit 1; }
for _ in {1..120}; do
  [[ $(sinfo --noheader --format=%t 2>/dev/null) == idle* ]] && exit 0
  sleep 0.5
done
echo "SLURM has started and takes no jobs: $(sinfo 2>&1 | tail -n 1)" >&2
tail -n 5 "$folder"/slurmctld.log "$folder"/slurmd.log >&2
stop
exit 1
