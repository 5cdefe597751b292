# pbzip2: producer, consumers and a writer; it polls with short sleeps.
packages="pbzip2"
prepare() { seq 1 200000 > input; }
run() { pbzip2 -p4 -b1 -c input > out.bz2; md5sum < out.bz2; pbzip2 -p4 -dc out.bz2 | cmp - input && echo same; }
