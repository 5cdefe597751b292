# LevelDB: writers, readers and its compaction thread.
packages="libleveldb-dev"
run() { rm -rf base; "$drivers/leveldb_threads" base; }
