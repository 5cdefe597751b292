// A set-user-ID program of the user's own, as su is for root: the same addresses in every run,
// though the kernel forgets ADDR_NO_RANDOMIZE for such files.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "expect.hpp"

namespace fs = std::filesystem;

int main(int count, char** arguments) {
  if (count > 1) {
    OBS("text %p of user %u", reinterpret_cast<void*>(main), geteuid());
    return ok();
  }
  char place[] = "/tmp/exec_set_user.XXXXXX";
  EXPECT(mkdtemp(place) != nullptr);
  const auto copy = fs::path(place) / "program";
  fs::copy_file(arguments[0], copy);
  EXPECT_EQ(chmod(copy.c_str(), 04755), 0);
  const pid_t child = fork();
  if (child == 0) {
    execl(copy.c_str(), "program", "second", nullptr);
    _exit(1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  fs::remove_all(place);
  EXPECT_EQ(status, 0);
  return ok();
}
