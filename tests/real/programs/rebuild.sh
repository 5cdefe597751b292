# make's decisions: what is newer than what, over several builds in one run.
packages="make"
prepare() {
  mkdir -p project
  for i in 1 2 3 4 5 6 7 8; do echo "text $i" > project/$i.in; done
  touch -d '2 years ago' project/1.in; touch -d 'yesterday' project/2.in
  cat > project/Makefile <<'MAKE'
outputs := $(patsubst %.in,%.out,$(wildcard *.in))
all: total
total: $(outputs)
	cat $(sort $^) > $@
%.out: %.in
	tr a-z A-Z < $< > $@
MAKE
}
built() { make -j4 -C build 2>&1 | grep -cE 'tr a-z|cat|Clock skew|future'; }
run() {
  rm -rf build; cp -rp project build
  built; built; touch build/3.in; built; built; echo more >> build/4.in; rm build/5.out; built
  built; cp -p build/1.in build/9.in; built; built; touch -d '1 hour ago' build/6.in; built
  mv build/7.in build/x; built; mv build/x build/7.in; built; cat build/total
}
