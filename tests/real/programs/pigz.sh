# pigz: compression threads, a writer thread, locks of its own on top of pthreads.
packages="pigz"
prepare() { seq 1 400000 > input; }
run() { pigz -p 4 -n -c input > out.gz; md5sum < out.gz; pigz -p 4 -dc out.gz | cmp - input && echo same; }
