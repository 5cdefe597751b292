# sort --parallel=4: threads, temporary files, merging.
packages="coreutils"
prepare() { seq 1 120000 | awk '{ print ($1 * 7919) % 1000003 }' > input; }
run() { sort --parallel=4 -S 1M -n -T . input > out; md5sum < out; sort -n -c out && echo sorted; }
