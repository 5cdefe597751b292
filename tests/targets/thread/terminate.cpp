// An exception that leaves a thread's function aborts the process.
#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "expect.hpp"

int main() {
  const int status = status_of_child([] {
    rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    EXPECT(freopen("/dev/null", "w", stderr) != nullptr);
    std::thread thread([] {
      sleep_ms(1);
      throw 1;
    });
    thread.join();
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  return ok();
}
