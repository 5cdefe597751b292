#include "launcher/suite/input.hpp"

#include <algorithm>
#include <cmath>

#include "faultplan/reading/yaml.hpp"
#include "scheduler/choice.hpp"

namespace detsim::suite {
namespace {

constexpr std::uint64_t kPurpose = 0x776f726b6c6f6164u;  // apart from what targets draw
constexpr double kWeightOne = 1ull << 32;

// The sums of the weights up to each key, as integers, so that the draw is one bounded number.
std::vector<std::uint64_t> sums_of_weights(const Input& input) {
  std::vector<std::uint64_t> sums(input.among);
  std::uint64_t sum = 0;
  for (std::uint64_t key = 0; key < input.among; ++key) {
    const auto rank = static_cast<double>(key + 1);
    const auto weight = input.exponent == 1 ? 1 / rank : std::pow(rank, -input.exponent);
    sum += std::max<std::uint64_t>(1, static_cast<std::uint64_t>(weight * kWeightOne));
    sums[key] = sum;
  }
  return sums;
}

std::string line_of(const Input& input, std::uint64_t key) {
  auto line = input.line;
  constexpr std::string_view kHole = "{key}";
  const auto text = std::to_string(key);
  for (auto at = line.find(kHole); at != line.npos; at = line.find(kHole, at + text.size())) {
    line.replace(at, kHole.size(), text);
  }
  return line + "\n";
}

std::string keys_as_text(const Input& input, std::uint64_t seed) {
  auto draws = ChoiceStream::derive(seed, Stream::data, kPurpose);
  std::vector<std::uint64_t> sums;
  if (input.kind == InputKind::zipfian) sums = sums_of_weights(input);
  std::string text;
  for (std::uint64_t i = 0; i < input.count; ++i) {
    std::uint64_t key = 0;
    if (sums.empty()) {
      key = draws.below(input.among);
    } else {
      const auto place = std::upper_bound(sums.begin(), sums.end(), draws.below(sums.back()));
      key = static_cast<std::uint64_t>(place - sums.begin());
    }
    text += line_of(input, key);
  }
  return text;
}

}  // namespace

bool make_input(const Suite& suite, const Input& input, std::uint64_t seed, std::string& text,
                std::string& problem) {
  text.clear();
  switch (input.kind) {
    case InputKind::empty: return true;
    case InputKind::text: text = input.text; return true;
    case InputKind::file:
      return yaml::read_file(path_in(suite, input.text), "the input", text, problem);
    case InputKind::uniform:
    case InputKind::zipfian: text = keys_as_text(input, seed); return true;
  }
  return false;
}

}  // namespace detsim::suite
