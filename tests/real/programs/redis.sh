# redis-server over its unix socket, driven by redis-cli and redis-benchmark.
packages="redis-server redis-tools"
run() {
  rm -rf redis; mkdir redis
  redis-server --port 0 --unixsocket "$PWD/redis/s" --dir redis --save '' --daemonize no \
    --logfile "$PWD/redis/log" &
  server=$!
  for try in $(seq 1 500); do
    redis-cli -s redis/s ping > redis/ping 2>&1 && break
    sleep 0.01
  done
  redis-cli -s redis/s set greeting hello
  redis-cli -s redis/s incrby counter 41
  redis-cli -s redis/s incr counter
  redis-benchmark -s redis/s -n 500 -c 5 -P 4 -t set,get,incr,lpush -q > redis/benchmark
  grep -c 'requests per second' redis/benchmark
  redis-cli -s redis/s llen mylist
  redis-cli -s redis/s get greeting
  redis-cli -s redis/s shutdown nosave
  wait $server; echo "server ended with $?"
}
