#include "interpose/entry/requests.hpp"

#include <linux/futex.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"

namespace detsim {

void tell_user(const char* words) {
  auto& w = world();
  copy_text(w.message, words, sizeof w.message);
  auto request = Request::say;
  __atomic_store(&w.request, &request, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
  for (;;) {
    const auto answers = __atomic_load_n(&w.answer_word, __ATOMIC_SEQ_CST);
    __atomic_load(&w.request, &request, __ATOMIC_SEQ_CST);
    if (request == Request::none) break;
    raw(__NR_futex, &w.answer_word, FUTEX_WAIT, answers, nullptr);
  }
  w.message[0] = 0;
}

}  // namespace detsim
