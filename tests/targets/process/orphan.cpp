// Who inherits children: the nearest subreaper, else somebody outside; and zombies of a process
// that ends go to the heir as well.
#include <signal.h>
#include <sys/prctl.h>

#include "expect.hpp"

int main() {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t parent = start_child([&] {
    const pid_t middle = getpid();
    start_child([&] {
      while (getppid() == middle) sleep_ms(1);
      const pid_t heir = getppid();
      EXPECT_EQ(write(channel[1], &heir, sizeof heir), static_cast<ssize_t>(sizeof heir));
    });
    _exit(0);
  });
  EXPECT_CHILD_OK(parent);
  pid_t heir;
  EXPECT_EQ(read(channel[0], &heir, sizeof heir), static_cast<ssize_t>(sizeof heir));
  EXPECT(heir != getpid() && heir != parent);
  EXPECT_ERRNO(wait(nullptr), ECHILD);

  int is_subreaper = 5;
  EXPECT_EQ(prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper), 0);
  EXPECT_EQ(is_subreaper, 0);
  EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const pid_t middle = start_child([] {
    int child_is_subreaper = 5;
    EXPECT_EQ(prctl(PR_GET_CHILD_SUBREAPER, &child_is_subreaper), 0);
    EXPECT_EQ(child_is_subreaper, 0);
    start_child([] { _exit(7); });  // a zombie when its parent ends
    start_child([] {
      sleep_ms(50);
      _exit(8);
    });
    sleep_ms(20);
  });
  EXPECT_CHILD_OK(middle);
  EXPECT_EQ(WEXITSTATUS([] {
              int status;
              EXPECT(wait(&status) > 0);
              return status;
            }()),
            7);
  EXPECT_EQ(WEXITSTATUS([] {
              int status;
              EXPECT(wait(&status) > 0);
              return status;
            }()),
            8);
  EXPECT_ERRNO(wait(nullptr), ECHILD);
  return ok();
}
