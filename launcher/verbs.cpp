#include "launcher/verbs.hpp"

namespace detsim {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> rows = {
      {"run", "run a program deterministically", verb_run},
      {"check", "run it several times under different conditions and compare", verb_check},
      {"explore", "run many seeds, and keep what fails", verb_explore},
      {"replay", "repeat a failure that explore has kept", verb_replay},
      {"bisect", "make a failure small, and show the switch that decides", verb_bisect},
      {"suite", "run the tests of a suite, and say whether everything holds", verb_suite},
      {"seeds", "keep the seeds that once failed, and test them", verb_seeds},
      {"report", "print a trace, compare two, merge parts of an exploration", verb_report},
      {"faults", "print the faults there are, or check a plan of them", verb_faults},
      {"calls", "print how each system call is treated", verb_calls},
      {"doctor", "look at what this machine offers, and test detsim on it", verb_doctor},
  };
  return rows;
}

}  // namespace detsim
