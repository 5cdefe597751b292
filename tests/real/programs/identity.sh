# What tools tell of the machine and of processes, and what they draw.
packages="procps uuid-runtime openssl perl python3 util-linux"
native_differs=yes
run() {
  uname -a; hostname; nproc; getconf _NPROCESSORS_CONF; lscpu | grep '^CPU(s)'; date; uptime; free
  ps -ef; ps aux; sleep 1 & ps -eo pid,ppid,pgid,stat,comm,args; pgrep sleep; wait
  top -b -n 1 | head -12; cat /proc/self/stat /proc/self/maps /proc/loadavg /proc/stat
  uuidgen -r; uuidgen -t; cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id
  name=$(mktemp); echo "$name"; rm "$name"; mktemp -u; shuf -i 1-30 | tr '\n' ' '
  head -c 32 /dev/urandom | md5sum; dd if=/dev/random bs=16 count=4 status=none | md5sum
  openssl rand -hex 16; openssl genrsa 1024 2> /dev/null | md5sum; echo $RANDOM $$ $BASHPID
  perl -e 'my %h = map { $_ => 1 } 1 .. 30; print rand, " @{[keys %h]}\n"'
  /usr/bin/python3 -c 'import os, random, tempfile, uuid
print(random.random(), hash("text"), os.cpu_count(), uuid.uuid1(), uuid.uuid4(), os.getpid(), set("abcdefgh"))
print(os.listdir("/usr/share"), tempfile.mktemp(), os.stat("/usr").st_ino, os.times(), object())'
}
