#!/bin/bash
# Explores in 200 shards as an array job of Slurm:
#
#   sbatch --export=ALL,DIR=/shared/results slurm.sh ./program ARGUMENT...
#
# and when it has ended:
#
#   detsim report merge /shared/results --html report.html
#
#SBATCH --job-name=detsim
#SBATCH --array=1-200
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=/dev/null

set -u
: "${DIR:=detsim-results}" "${SEEDS:=1..100000}" "${SHARDS:=200}" "${DETSIM:=detsim}"

# One run at a time on one processor. Status 1 says that a run failed, which is no failure of the job.
# --shard auto/200, and not only auto: after a shard died, it alone can be sent again: sbatch --array=17 ...
"$DETSIM" explore --shard "auto/$SHARDS" --jobs 1 --seeds "$SEEDS" --dir "$DIR" --quiet -- "$@"
status=$?
((status <= 1))
