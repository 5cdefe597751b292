// Exceptions travel between threads by exception_ptr; each thread has its own stack of caught
// exceptions, also when switched in the middle of handling.
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::exception_ptr pointers[6];
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&pointers, i] {
      try {
        try {
          throw std::runtime_error("outer " + std::to_string(i));
        } catch (...) {
          std::this_thread::sleep_for(std::chrono::microseconds(100));
          try {
            throw i;
          } catch (int inner) {
            std::this_thread::yield();
            EXPECT_EQ(inner, i);
          }
          EXPECT_EQ(std::uncaught_exceptions(), 0);
          throw;
        }
      } catch (...) {
        pointers[i] = std::current_exception();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 6; ++i) {
    std::string what;
    try {
      std::rethrow_exception(pointers[i]);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "outer " + std::to_string(i));
  }
  return ok();
}
