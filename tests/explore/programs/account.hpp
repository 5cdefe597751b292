// An account whose balance is read and written under a lock, but not both together: two tasks that
// pay in may lose an update.
#pragma once
#include <mutex>

namespace account {

inline std::mutex mutex;
inline int balance = 0;

inline int read_balance() {
  const std::lock_guard lock(mutex);
  return balance;
}

inline void write_balance(int value) {
  const std::lock_guard lock(mutex);
  balance = value;
}

inline void pay_in() { write_balance(read_balance() + 10); }

}  // namespace account
