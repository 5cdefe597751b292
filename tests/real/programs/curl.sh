# curl file://: its resolver threads and multi handle.
packages="curl"
prepare() { seq 1 1000 > page; }
run() { curl -s "file://$PWD/page" | md5sum; curl -s -o copy "file://$PWD/page" && cmp copy page && echo same; }
