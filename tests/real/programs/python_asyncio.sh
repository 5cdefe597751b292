# CPython: asyncio with streams over a unix socket, timers and executors.
packages="python3"
run() { rm -f socket; /usr/bin/python3 "$here/drivers/asynchronous.py"; }
