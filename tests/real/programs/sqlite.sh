# libsqlite3: several connections from threads, one file, busy handlers and file locks.
packages="libsqlite3-dev"
run() { rm -f base*; "$drivers/sqlite_threads" base.db; }
