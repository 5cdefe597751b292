# RocksDB: writers, readers, flush and compaction pools.
packages="librocksdb-dev"
run() { rm -rf base; "$drivers/rocksdb_threads" base; }
