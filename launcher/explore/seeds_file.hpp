// A file of seeds that judge a program together (`detsim run --seeds-file`), as git bisect run
// wants one commit to be judged: a bug that one seed finds may hide from it in another build.
//
//   17               a seed
//   1..50            seeds, both included
//   1..50 pct:3      under this strategy
//   {"seed": 17...   a line of a bank (seed_bank.hpp): its seed, strategy and what else decides
//   # words
#pragma once
#include <string>
#include <vector>

#include "launcher/run.hpp"

namespace detsim {

/// One line.
struct SeedLine {
  std::uint64_t first = 0, last = 0;
  bool has_strategy = false;
  RunOptions run;  // its strategy, and of a line of a bank what else decides the run
  bool is_banked = false;
};

/// False: `problem` names the line. A file without seeds is a problem too.
bool read_seeds_file(const std::string& path, std::vector<SeedLine>& seeds, std::string& problem);

/// Runs the command of `options` under every seed until one fails. 0: all passed; 1: one failed,
/// and what it wrote was passed on; 125: it cannot be told.
int judge_by_seeds(const RunOptions& options, const std::vector<SeedLine>& seeds,
                   const std::string& program);

}  // namespace detsim
