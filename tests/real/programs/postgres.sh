# A PostgreSQL cluster: made, started, four clients at the same time, a dump, stopped.
packages="postgresql-15"
# It refuses root.
as_user() {
  if [ "$(id -u)" -eq 0 ]; then su nobody -s /bin/bash -c "$1"; else bash -c "$1"; fi
}
run() {
  rm -rf cluster; mkdir cluster; chmod a+rx .. .; [ "$(id -u)" -ne 0 ] || chown nobody cluster
  as_user '
    cd cluster; export PATH=$PATH:/usr/lib/postgresql/15/bin PGHOST=$PWD PGDATABASE=postgres
    initdb -D data -A trust > log && pg_ctl -D data -l log -o "-k $PWD -h \"\"" -w start > /dev/null
    pgbench -q -i -s 1 2> /dev/null > log2; pgbench -c 4 -j 2 -t 25 2> /dev/null | grep actually
    psql -Atc "SELECT count(*), sum(aid) FROM pgbench_accounts"
    psql -Atc "SELECT count(*), sum(delta) = (SELECT sum(bbalance) FROM pgbench_branches) FROM pgbench_history"
    pg_dump --schema-only -t pgbench_tellers | grep -c TABLE; pg_ctl -D data -m fast -w stop > /dev/null
    echo "ended with $?"'
}
