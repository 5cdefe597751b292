# zstd -T4: a thread pool.
packages="zstd"
prepare() { seq 1 500000 > input; }
run() { zstd -q -f -T4 -B65536 input -o out.zst; md5sum < out.zst; zstd -q -dc out.zst | cmp - input && echo same; }
