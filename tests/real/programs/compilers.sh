# The drivers of gcc and clang: preprocessor, compiler, assembler and linker as processes, in pipes
# too, temporary and response files, and errors.
packages="g++ clang"
run() {
  printf '#include <vector>\nint main() { return std::vector<int>(3).size() == 3 ? 0 : 1; }\n' > p.cpp
  echo '-O1 -c p.cpp -o p.o' > options
  g++ @options && g++ p.o -o p && ./p && echo "g++ $?"
  g++ -pipe p.cpp -o p && ./p && echo "g++ -pipe $?"
  clang++ -no-integrated-as p.cpp -o p && ./p && echo "clang++ $?"
  echo 'int main() { return undeclared; }' > wrong.cpp
  g++ wrong.cpp 2>&1 | grep -c error
  echo 'int missing(); int main() { return missing(); }' > wrong.cpp
  g++ wrong.cpp -o wrong 2> /dev/null; echo $?
  ls *.o a.out 2> /dev/null | wc -l; rm -f p p.o p.cpp options wrong.cpp
}
