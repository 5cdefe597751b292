# CPython: subprocess and multiprocessing.
packages="python3"
run() { /usr/bin/python3 "$here/drivers/subprocesses.py"; }
