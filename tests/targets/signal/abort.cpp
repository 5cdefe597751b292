// abort dies by SIGABRT whatever the program did with it: ignored, blocked, handled and returned;
// the handler runs first; siglongjmp out of it survives.
#include <setjmp.h>
#include <sys/resource.h>

#include "signal/signal.hpp"

static sigjmp_buf recover;
static int volatile hits;

static void expect_abort(void (*prepare)()) {
  const int status = status_of_child([&] {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prepare();
    abort();
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT(!WCOREDUMP(status));
}

int main() {
  expect_abort([] {});
  expect_abort([] { signal(SIGABRT, SIG_IGN); });
  expect_abort([] { block({SIGABRT}); });
  expect_abort([] { signal(SIGABRT, [](int) { hits = hits + 1; }); });
  signal(SIGABRT, [](int) {
    hits = hits + 1;
    siglongjmp(recover, 1);
  });
  if (sigsetjmp(recover, 1) == 0) abort();
  EXPECT_EQ(hits, 1);
  return ok();
}
