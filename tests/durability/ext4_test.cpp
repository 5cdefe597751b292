// The model against a real ext4: the same operations, and every state that the device holds on the
// way, as a machine would find it, is one that the profile ext4-ordered allows. With the reference
// (model_test.cpp) in between: what it allows is what the model draws.
//
//   ext4_test [SEQUENCES]        status 77: this machine does not allow it
#include <fmt/core.h>

#include <cstdlib>

#include "draw.hpp"
#include "loop_ext4.hpp"
#include "reference.hpp"

using namespace detsim;

namespace {

constexpr int kNotRun = 77;

struct Tally {
  std::uint64_t states = 0, changed = 0;  // that were looked at; that are not what was visible
  std::set<Contents> different;
};

// Whether what the device holds now is legal.
bool look(const LoopExt4& real, const Reference& reference, Tally& tally) {
  std::string problem, why;
  const auto found = real.contents_of(real.image(), problem);
  ++tally.states;
  if (found != reference.visible()) ++tally.changed;
  tally.different.insert(found);
  if (!problem.empty()) {
    fmt::print("{}\n", problem);
    return false;
  }
  if (reference.may_be(found, why)) return true;
  fmt::print("the real ext4 shows what the model cannot: {}\n{}", why, shown(found));
  return false;
}

// Looks, and then again when parts of what is not durable have been written.
bool look_often(const LoopExt4& real, const Reference& reference, ChoiceStream& draws,
                Tally& tally) {
  constexpr const char* kFiles[] = {"a", "b", "d/a", "e/b"};
  for (auto looks = 1 + draws.below(3);; --looks) {
    if (!look(real, reference, tally)) return false;
    if (looks == 0) return true;
    draws.below(3) == 0 ? real.commit() : real.write_back(kFiles[draws.below(std::size(kFiles))]);
  }
}

bool run_sequence(LoopExt4& real, SmallDisk& judge, std::uint64_t seed, Tally& tally) {
  if (const auto problem = real.start(); !problem.empty()) {
    fmt::print("{}\n", problem);
    return false;
  }
  constexpr auto kProfile = ProfileId::ext4_ordered;
  judge.clear(kProfile);
  Reference reference(kProfile);
  std::vector<Operation> operations;
  auto draws = ChoiceStream::derive(seed, Stream::data);
  const auto count = 4 + draws.below(12);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto operation = draw_operation(draws);
    if (!judge.carry_out(operation)) continue;  // it makes no sense
    reference.carry_out(operation);
    real.carry_out(operation);
    operations.push_back(operation);
    if (i + 1 != count && draws.below(4) != 0) continue;
    if (look_often(real, reference, draws, tally)) continue;
    fmt::print("seed {}\n{}", seed, story(operations));
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const auto sequences = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 15;
  std::string problem;
  SmallDisk judge(ProfileId::ext4_ordered);
  LoopExt4 real(problem);
  if (!problem.empty()) {
    fmt::print("not run: this machine has no ext4 on a loop device for us: {}\n", problem);
    return kNotRun;
  }
  Tally tally;
  int failures = 0;
  for (std::uint64_t seed = 0; seed < sequences; ++seed) {
    if (!run_sequence(real, judge, seed, tally)) ++failures;
  }
  fmt::print(
      "{} sequences, {} states of the real disk, {} of them with something lost, {} different\n",
      sequences, tally.states, tally.changed, tally.different.size());
  return failures == 0 && tally.changed != 0 ? 0 : 1;
}
