# dash, coreutils and findutils: pipelines, subshells, here-documents, xargs -P, timeout, setsid,
# env -i, nice, nohup, orphans, five hundred forks.
packages="dash findutils util-linux coreutils"
run() {
  dash -c 'seq 1 1000 | grep 7 | wc -l; (exit 3); echo $?; x=$(echo a | tr a b); echo "$x"
cat <<END
here $((1 + 2))
END
'
  seq 1 20 | xargs -P4 -n1 sh -c 'echo $0 $(($0 * $0))' | sort -n | tail -3
  timeout 1 sleep 5; echo "timeout $?"
  timeout -k 1 1 sh -c 'trap "" TERM; sleep 10; sleep 10'; echo "killed $?"
  setsid -w sh -c 'exit 4'; echo "setsid $?"
  env -i /bin/sh -c 'echo "${HOME-none}"'
  # 19 is the end, whoever started this.
  echo nicer by five: $(($(nice -n 5 nice) == ($(nice) > 14 ? 19 : $(nice) + 5)))
  nohup sh -c 'kill -HUP $$; echo survived' 2> /dev/null | cat
  sh -c '(sh -c "sleep 0.2; echo orphan" &); sleep 1'
  i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i + 1)); done; echo $i
  i=0; while [ $i -lt 200 ]; do (exit $((i % 7))) || false; i=$((i + 1)); done; echo $?
  (ulimit -n 64; sh -c 'ulimit -n'; exec 5> /dev/null; sh -c 'echo to five >&5'; echo $?)
}
