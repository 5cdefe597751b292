# CPython: threads and queues.
packages="python3"
run() { /usr/bin/python3 "$here/drivers/threads.py"; }
