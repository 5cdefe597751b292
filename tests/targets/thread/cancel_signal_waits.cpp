// Cancellation in sigwaitinfo, sigtimedwait, sigsuspend and pause.
#include <signal.h>
#include <unistd.h>

#include "thread/cancel.hpp"

static void do_sigwaitinfo() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigwaitinfo(&set, nullptr);
}
static void do_sigtimedwait() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  timespec limit = {1000, 0};
  sigtimedwait(&set, nullptr, &limit);
}
static void do_sigsuspend() {
  sigset_t set;
  sigemptyset(&set);
  sigsuspend(&set);
}
static void do_pause() { pause(); }

int main() {
  expect_cancelled<do_sigwaitinfo>();
  expect_cancelled<do_sigtimedwait>();
  expect_cancelled<do_sigsuspend>();
  expect_cancelled<do_pause>();
  return ok();
}
