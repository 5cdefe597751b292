// Assertions for the call tests, usable from C++20 and from C11.
//
// A failed expectation says where, what was expected and what was got on standard error and ends
// the process with status 1 at once, from any thread and from forked children (whose parents must
// look at their status). Results that depend on scheduling, clocks or random bytes are never
// asserted but observed: OBS prints them on lines that begin with "obs ".
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#include <sstream>
#include <string>
#include <type_traits>
#define EXPECT_NORETURN [[noreturn]]
#else
#define EXPECT_NORETURN _Noreturn
#endif

EXPECT_NORETURN static inline void expect_fail(const char* file, int line, const char* what,
                                               const char* expected, const char* got) {
  const int error = errno;
  fflush(stdout);
  fprintf(stderr, "%s:%d: %s: expected %s, got %s (pid %d, errno %d: %s)\n", file, line, what,
          expected, got, (int)getpid(), error, strerror(error));
  fflush(stderr);
  _exit(1);
}

#define EXPECT(cond) ((cond) ? (void)0 : expect_fail(__FILE__, __LINE__, #cond, "true", "false"))

#ifdef __cplusplus
template <class T>
std::string expect_text(const T& value) {
  std::ostringstream out;
  if constexpr (std::is_enum_v<T>) {
    out << static_cast<long long>(value);
  } else if constexpr (std::is_same_v<T, char> || std::is_same_v<T, unsigned char> ||
                       std::is_same_v<T, signed char>) {
    out << static_cast<int>(value);
  } else if constexpr (requires { out << value; }) {
    out << value;
  } else {
    out << "(unprintable)";
  }
  return out.str();
}

template <class A, class B>
void expect_eq(const A& got, const B& expected, const char* file, int line, const char* what) {
  bool equal = false;
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, bool> &&
                !std::is_same_v<B, bool>) {
    // Compared as values: -1 is not 0xffffffff, whatever the operands' signs.
    equal = (got < A{}) == (expected < B{}) &&
            static_cast<unsigned long long>(got) == static_cast<unsigned long long>(expected);
  } else {
    equal = got == expected;
  }
  if (!equal) {
    expect_fail(file, line, what, expect_text(expected).c_str(), expect_text(got).c_str());
  }
}
#define EXPECT_EQ(got, expected) \
  expect_eq((got), (expected), __FILE__, __LINE__, #got " == " #expected)
#else
static inline void expect_eq(long long got, long long expected, const char* file, int line,
                             const char* what) {
  if (got != expected) {
    char expected_text[32], got_text[32];
    snprintf(expected_text, sizeof expected_text, "%lld", expected);
    snprintf(got_text, sizeof got_text, "%lld", got);
    expect_fail(file, line, what, expected_text, got_text);
  }
}
#define EXPECT_EQ(got, expected) \
  expect_eq((long long)(got), (long long)(expected), __FILE__, __LINE__, #got " == " #expected)
#endif

// The expression must yield -1 and leave exactly this error number.
static inline void expect_errno(long long result, int expected, const char* file, int line,
                                const char* what) {
  const int got = errno;
  if (result != -1 || got != expected) {
    char expected_text[64], got_text[64];
    snprintf(expected_text, sizeof expected_text, "-1 and %s", strerrorname_np(expected));
    snprintf(got_text, sizeof got_text, "%lld and errno %d", result, got);
    expect_fail(file, line, what, expected_text, got_text);
  }
}
#define EXPECT_ERRNO(expr, error) \
  (errno = 0, expect_errno((long long)(expr), (error), __FILE__, __LINE__, #expr))

#define OBS(...) (fputs("obs ", stdout), printf(__VA_ARGS__), putchar('\n'), (void)fflush(stdout))

// Last statement of a passing main: `return ok();`.
static inline int ok(void) {
  puts("ok");
  fflush(stdout);
  return 0;
}

// For what this machine, user or sandbox cannot offer: the reason is said, and the test passes.
static inline int skip(const char* reason) {
  printf("skip %s\n", reason);
  return ok();
}

// Helpers that nearly every test would otherwise repeat.

static inline long long now_ns(clockid_t clock) {
  struct timespec now;
  EXPECT_EQ(clock_gettime(clock, &now), 0);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline struct timespec timespec_of_ns(long long ns) {
  struct timespec result;
  result.tv_sec = (time_t)(ns / 1000000000LL);
  result.tv_nsec = (long)(ns % 1000000000LL);
  return result;
}

static inline void sleep_ms(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&left, &left) == -1) EXPECT_EQ(errno, EINTR);
}

// Waits for one child and returns its raw wait status.
static inline int status_of(pid_t pid) {
  int status = -1;
  pid_t result;
  do {
    result = waitpid(pid, &status, 0);
  } while (result == -1 && errno == EINTR);
  EXPECT_EQ(result, pid);
  return status;
}

#define EXPECT_CHILD_OK(pid)                  \
  do {                                        \
    const int expect_status = status_of(pid); \
    EXPECT(WIFEXITED(expect_status));         \
    EXPECT_EQ(WEXITSTATUS(expect_status), 0); \
  } while (0)

#ifdef __cplusplus
// Runs a function in a forked child, which ends with _exit(0) unless the function ends it before.
template <class Function>
pid_t start_child(Function function) {
  fflush(stdout);
  const pid_t pid = fork();
  EXPECT(pid >= 0);
  if (pid == 0) {
    function();
    _exit(0);
  }
  return pid;
}

template <class Function>
int status_of_child(Function function) {
  return status_of(start_child(function));
}
#endif
