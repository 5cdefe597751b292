// The verbs of the command: one row here, one file in verbs/.
#pragma once
#include <string>
#include <vector>

namespace detsim {

/// What follows the verb on the command line; `program` is argv[0].
struct Invocation {
  std::string program;
  std::vector<std::string> arguments;
};

struct Verb {
  const char* name;
  const char* summary;
  int (*main)(const Invocation& invocation);  // returns the exit code
};

const std::vector<Verb>& verbs();

int verb_run(const Invocation& invocation);
int verb_check(const Invocation& invocation);
int verb_explore(const Invocation& invocation);
int verb_replay(const Invocation& invocation);
int verb_bisect(const Invocation& invocation);
int verb_suite(const Invocation& invocation);
int verb_seeds(const Invocation& invocation);
int verb_report(const Invocation& invocation);
int verb_report_merge(const Invocation& invocation);
int verb_faults(const Invocation& invocation);
int verb_calls(const Invocation& invocation);
int verb_doctor(const Invocation& invocation);

}  // namespace detsim
