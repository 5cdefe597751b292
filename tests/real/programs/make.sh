# make -j4 and g++ on a small project: job server, vfork, pipes, temporary files.
packages="make g++"
prepare() {
  mkdir -p project
  for unit in a b c d e f; do
    printf '#include <string>\nstd::string %s() { return "%s"; }\n' $unit $unit > project/$unit.cpp
  done
  cat > project/main.cpp <<'CPP'
#include <iostream>
#include <string>
std::string a(), b(), c(), d(), e(), f();
int main() { std::cout << a() + b() + c() + d() + e() + f() << '\n'; }
CPP
  cat > project/Makefile <<'MAKE'
objects := main.o a.o b.o c.o d.o e.o f.o
program: $(objects)
	g++ -o $@ $^
%.o: %.cpp
	g++ -O1 -c -o $@ $<
clean:
	rm -f program *.o
MAKE
}
# The order of make's lines is the schedule's; what was built is not.
run() {
  make -C project clean > log && make -C project -j4 > log && project/program
  sort log | md5sum; make -C project -j4 | grep -c 'up to date'; md5sum < project/a.o
}
