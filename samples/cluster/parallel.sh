#!/bin/bash
# Explores in 64 shards with GNU parallel, as many at a time as there are processors:
#
#   parallel.sh ./program ARGUMENT...
#
# With machines in ~/.parallel/sshloginfile add --sshloginfile .. --workdir . to parallel; they need
# a directory in common.
set -eu
: "${DIR:=detsim-results}" "${SEEDS:=1..100000}" "${SHARDS:=64}" "${DETSIM:=detsim}"
export DETSIM DIR SEEDS SHARDS

# PARALLEL_SEQ, which parallel sets, says which of the shards it is.
shard() {
  "$DETSIM" explore --shard "auto/$SHARDS" --jobs 1 --seeds "$SEEDS" --dir "$DIR" --quiet -- "$@" ||
    (($? == 1)) # a run failed, which is no failure of the job
}
export -f shard
printf -v command ' %q' "$@"
seq "$SHARDS" | SHELL=/bin/bash parallel --quote -n 1 bash -c "shard$command" > /dev/null

"$DETSIM" report merge "$DIR" --html "$DIR/report.html" --json "$DIR/report.json"
