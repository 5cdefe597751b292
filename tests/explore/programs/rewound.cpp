// Leaves something of itself everywhere in its process, and says what it finds there when it
// begins: a run in a process that another one has used before must find nothing
// (docs/rewinding.md). What it does in the end is drawn: most of it cannot be put back.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cfenv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kPage = 4096;
constexpr unsigned char kMark = 0xa5;

int runs;
int initialized = 7;
thread_local int runs_of_thread;
alignas(kPage) unsigned char pages[4 * kPage];
alignas(kPage) unsigned char written_data[kPage] = {1, 2, 3};
std::mutex mutex;
unsigned long sum;

void tell(const char* what, long value) { std::printf("%s %ld\n", what, value); }

long count_marks(const volatile unsigned char* at, std::size_t bytes) {
  long count = 0;
  for (std::size_t i = 0; i < bytes; ++i) count += at[i] == kMark ? 1 : 0;
  return count;
}

// Looks at a stack that nobody has written yet, and writes it.
[[gnu::noinline]] long use_stack() {
  volatile unsigned char deep[200 << 10];
  __asm__ volatile("" : : "r"(&deep) : "memory");
  const long found = count_marks(deep, sizeof deep);
  for (auto& byte : deep) byte = kMark;
  return found;
}

[[gnu::noinline]] long use_heap() {
  long found = 0;
  std::vector<unsigned char*> blocks;
  for (const std::size_t bytes : {100u, 5000u, 60000u, 100000u, 120000u, 400000u}) {
    for (int i = 0; i < 4; ++i) {
      auto* block = static_cast<unsigned char*>(std::malloc(bytes));
      found += count_marks(block + 64, bytes - 64);
      std::memset(block, kMark, bytes);
      blocks.push_back(block);
    }
  }
  for (auto* block : blocks) std::free(block);
  return found;
}

void look_around() {
  std::printf("at %p\n", static_cast<void*>(&runs));
  tell("runs", ++runs);
  tell("of the thread", ++runs_of_thread);
  tell("initialized", initialized++);
  tell("pages", count_marks(pages, sizeof pages));
  tell("written data", written_data[0]++);
  tell("rounding", std::fegetround());
  struct sigaction action {};
  sigaction(SIGUSR1, nullptr, &action);
  tell("handler", action.sa_handler == SIG_DFL ? 0 : 1);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  tell("descriptors", static_cast<long>(limit.rlim_cur));
  tell("break", static_cast<long>(reinterpret_cast<std::uintptr_t>(sbrk(0)) & 0xffffff));
}

void write_everywhere() {
  std::memset(pages, kMark, sizeof pages);
  std::fesetround(FE_UPWARD);
  std::signal(SIGUSR1, [](int) { ++initialized; });
  std::raise(SIGUSR1);
  tell("stack", use_stack());
  tell("heap", use_heap());
  auto* const mapped = static_cast<unsigned char*>(
      mmap(nullptr, 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  tell("mapped", static_cast<long>(reinterpret_cast<std::uintptr_t>(mapped) & 0xffffffffff));
  tell("in it", count_marks(mapped, 16 * kPage));
  std::memset(mapped, kMark, 16 * kPage);
  tell("descriptor", open("/etc/passwd", O_RDONLY));
}

void race() {
  std::vector<std::thread> threads;
  for (unsigned long i = 1; i <= 3; ++i) {
    threads.emplace_back([i] {
      tell("new thread", ++runs_of_thread);
      use_stack();
      for (int round = 0; round < 3; ++round) {
        const std::lock_guard lock(mutex);
        sum = sum * 31 + i;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  tell("sum", static_cast<long>(sum));
}

void change_process(unsigned kind) {
  switch (kind) {
    case 0: mprotect(pages, kPage, PROT_READ); break;
    case 1: madvise(pages, sizeof pages, MADV_DONTNEED); break;
    case 2: tell("directory", chdir("/")); break;
    case 3: tell("mask was", static_cast<long>(umask(077))); break;
    case 4: {
      const rlimit limit{.rlim_cur = 100, .rlim_max = 200};
      tell("limit", setrlimit(RLIMIT_NOFILE, &limit));
      break;
    }
    case 5: tell("closed", close(0)); break;
    case 6: tell("unmapped", munmap(pages + kPage, kPage)); break;
    case 7: {
      const pid_t child = fork();
      if (child == 0) _exit(3);
      int status = 0;
      waitpid(child, &status, 0);
      tell("child", WEXITSTATUS(status));
      break;
    }
    case 8: tell("linked", dup2(1, 9)); break;
    case 9:
      mmap(pages + 2 * kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      break;
    case 10: std::abort();
    case 11: *static_cast<volatile int*>(nullptr) = 1; break;
    default: break;
  }
}

}  // namespace

int main() {
  unsigned kind = 0;
  if (getrandom(&kind, sizeof kind, 0) != sizeof kind) return 2;
  look_around();
  write_everywhere();
  race();
  tell("kind", kind % 32);
  std::fflush(stdout);
  change_process(kind % 32);
  return sum % 7 == 0 ? 1 : 0;
}
