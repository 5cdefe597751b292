// Files as the launcher reads them. Those of /proc can be opened and then fail to be read, as a
// directory does: that must not throw.
#include "launcher/whole_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace detsim {
namespace {

TEST_CASE("all of a file, also when nobody knows its length before") {
  const auto path = std::filesystem::temp_directory_path() / "detsim-whole-file-test";
  const std::string text(200'000, 'x');
  std::ofstream(path) << text;
  CHECK(whole_file(path) == text);
  std::filesystem::remove(path);
  CHECK(whole_file("/proc/self/stat").value_or("").starts_with(std::to_string(getpid())));
}

TEST_CASE("what cannot be opened or read is nothing, with the reason in errno") {
  CHECK_FALSE(whole_file("/nonexistent"));
  CHECK(errno == ENOENT);
  CHECK_FALSE(whole_file("/tmp"));
  CHECK(errno == EISDIR);
}

}  // namespace
}  // namespace detsim
