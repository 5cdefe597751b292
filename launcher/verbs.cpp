#include "launcher/verbs.hpp"

namespace detsim {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> rows = {
      {"run", "run a program deterministically", verb_run},
      {"check", "run it several times under different conditions and compare", verb_check},
      {"report", "print a trace file, or where two of them part", verb_report},
      {"calls", "print how each system call is treated", verb_calls},
      {"doctor", "look at what this machine offers, and test detsim on it", verb_doctor},
  };
  return rows;
}

}  // namespace detsim
