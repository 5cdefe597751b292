# bash: background jobs, wait, traps, process substitution.
packages="bash"
run() {
  for i in 1 2 3 4; do (sleep 0.0$i; echo "job $i" >> jobs.$$; exit $i) & pids="$pids $!"; done
  for pid in $pids; do wait $pid; echo "status $?"; done
  sort jobs.$$ && rm jobs.$$
  trap 'echo trapped' USR1; (kill -USR1 $$); sleep 0.01
  paste <(seq 1 3) <(seq 4 6)
  seq 1 1000 | while read n; do echo $((n * 2)); done | tail -1
  echo $(( $(for i in $(seq 1 20); do echo $i | cat; done | paste -sd+) ))
}
