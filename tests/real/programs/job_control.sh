# bash with job control: stopped and continued jobs, process groups, wait -n, traps, coprocesses.
packages="bash"
run() {
  bash -c 'set -m; sleep 0.1 & wait; (echo sub | cat); jobs; echo ok'
  bash -c 'set -m; sleep 100 & kill -STOP %1; sleep 0.1; jobs | sed "s/ *$//"; kill -CONT %1
           kill %1; wait %1; echo "status $?"' 2> /dev/null
  bash -c '(sleep 0.3; exit 3) & (sleep 0.1; exit 1) & wait -n; echo $?; wait -n; echo $?
           wait -n; echo $?'
  bash -c 'trap "echo child" CHLD; (exit 1); true; sleep 0.1 & wait; trap - CHLD; echo end'
  bash -c 'trap "echo term; exit 7" TERM; (sleep 0.2; kill $$) & while :; do sleep 0.05; done'
  echo "status $?"
  bash -c 'coproc cat; echo through >&${COPROC[1]}; read line <&${COPROC[0]}; echo $line
           kill $COPROC_PID; wait $COPROC_PID 2> /dev/null; echo $?'
  bash -c 'set -o pipefail; false | true; echo $? ${PIPESTATUS[@]}; yes | head -1 > /dev/null
           echo ${PIPESTATUS[@]}'
  bash -c 'trap "" INT; (kill -INT $BASHPID; echo ignored); trap - INT; (kill -INT $BASHPID; echo no)
           echo $?'
  bash -c 'mapfile -t lines < <(for i in 1 2 3; do (sleep 0.$((8 - 2 * i)); echo $i) & done; wait)
           echo ${lines[@]}'
  bash -c 'sleep 30 & sleep 30 & kill $(jobs -p); wait; echo all; disown -a; exec true'
}
