# xz -T4: block-parallel compression with worker threads and condition variables.
packages="xz-utils"
prepare() { seq 1 400000 > input; }
run() { xz -T4 --block-size=256KiB -c input > out.xz; md5sum < out.xz; xz -T4 -dc out.xz | cmp - input && echo same; }
