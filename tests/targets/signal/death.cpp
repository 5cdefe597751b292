// Default actions: which signals kill and with which status, from kill, from a thread, from a
// genuine fault; which are ignored; a blocked fault kills all the same.
#include <sys/resource.h>

#include "signal/signal.hpp"

template <class Function>
static void expect_death(int number, Function function) {
  const int status = status_of_child([&] {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    function();
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), number);
  EXPECT(!WCOREDUMP(status));
}

static void* crash(void*) {
  sleep_ms(1);
  *reinterpret_cast<volatile int*>(4) = 1;
  return nullptr;
}

int main() {
  for (int number : {SIGHUP,    SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGBUS,   SIGFPE,  SIGKILL,
                     SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,  SIGXCPU, SIGXFSZ,
                     SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  SIGRTMIN, SIGRTMAX}) {
    expect_death(number, [&] { raise(number); });
  }
  for (int number : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT}) {
    EXPECT_EQ(status_of_child([&] { raise(number); }), 0);
  }
  expect_death(SIGSEGV, [] { *reinterpret_cast<volatile int*>(4) = 1; });
  expect_death(SIGILL, [] { asm volatile("ud2"); });
  expect_death(SIGSEGV, [] {
    block({SIGSEGV});
    *reinterpret_cast<volatile int*>(4) = 1;
  });
  expect_death(SIGSEGV, [] {
    signal(SIGSEGV, SIG_IGN);
    *reinterpret_cast<volatile int*>(4) = 1;
  });
  expect_death(SIGSEGV, [] {
    pthread_t thread;
    pthread_create(&thread, nullptr, crash, nullptr);
    for (;;) pause();
  });
  // A fault inside its own handler.
  expect_death(SIGSEGV, [] {
    handle(SIGSEGV, [](int, siginfo_t*, void*) { *reinterpret_cast<volatile int*>(4) = 1; });
    *reinterpret_cast<volatile int*>(4) = 1;
  });
  return ok();
}
