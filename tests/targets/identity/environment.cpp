// The environment, arguments and auxiliary vector as /proc has them.
#include <elf.h>
#include <sys/auxv.h>

#include "file/file.hpp"

extern char** environ;

int main(int, char** arguments) {
  std::string expected;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    expected += *variable;
    expected += '\0';
  }
  EXPECT_EQ(read_file("/proc/self/environ"), expected);
  EXPECT_EQ(read_file("/proc/self/cmdline"), std::string(arguments[0]) + '\0');
  EXPECT(expected.find("DETSIM") == expected.npos);
  const auto vector = read_file("/proc/self/auxv");
  bool has_entry = false;
  for (size_t at = 0; at + sizeof(Elf64_auxv_t) <= vector.size(); at += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry;
    memcpy(&entry, vector.data() + at, sizeof entry);
    if (entry.a_type == AT_ENTRY) has_entry = entry.a_un.a_val == getauxval(AT_ENTRY);
  }
  EXPECT(has_entry);
  return ok();
}
