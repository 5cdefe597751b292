# What tools tell of files: numbers, times, order, space; an archive of them.
packages="tar findutils coreutils"
native_differs=yes  # numbers, times and order are the run's own
prepare() { mkdir -p old/sub; for i in $(seq 1 60); do echo $i > old/$i; done; ln -s 1 old/link; }
run() {
  rm -rf new; mkdir new new/sub; for i in $(seq 1 40); do echo $i > new/file-$i; done
  ln new/file-1 new/hard; ln -s file-2 new/soft; mkfifo new/fifo; touch -d 2001-02-03 new/file-3
  ls -laiR --full-time new; ls -f new; ls -ti new; ls -laiR old
  stat new/file-1 new/file-3 new new/fifo old/1
  find new old -newer new/file-20 -printf '%p %i %T@ %C@ %n %s\n'
  du -a new; df .; df -i .; tar c new old | md5sum; (cd new && echo *); rm -r new
}
