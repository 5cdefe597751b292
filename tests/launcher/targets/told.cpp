// Waits for a signal in the way that its argument names, says which one came, and ends with 7.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <initializer_list>

static volatile sig_atomic_t came;

static void note(int number) { came = number; }

int main(int, char** arguments) {
  struct sigaction action {};
  action.sa_handler = note;
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) sigaction(number, &action, nullptr);
  if (write(1, "ready\n", 6) != 6) return 1;
  const char* way = arguments[1];
  if (std::strcmp(way, "compute") == 0) {
    volatile unsigned long count = 0;
    while (came == 0) count = count + 1;
  } else if (std::strcmp(way, "call") == 0) {
    while (came == 0) getppid();
  } else if (std::strcmp(way, "read") == 0) {
    char byte;
    while (came == 0 && read(0, &byte, 1) >= 0) {
    }
  }
  std::printf("signal %d\n", static_cast<int>(came));
  return 7;
}
