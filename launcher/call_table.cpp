#include "launcher/call_table.hpp"

#include <asm/unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace detsim {
namespace {

constexpr bool by_nobody = false;
constexpr bool by_others = true;
constexpr bool by_sharers = true;

bool names_file(std::string_view name, std::string_view parameters) {
  return parameters.find("char* path") != parameters.npos ||
         parameters.find("char* from") != parameters.npos || name == "getdents64";
}

std::vector<CallRow> read_rows() {
  std::vector<CallRow> rows = {
#define MODEL(name, parameters, seen, words) \
  {__NR_##name, #name, CallSupport::modelled, seen, 0, words, names_file(#name, #parameters)},
#define PASS(name, seen, words) {__NR_##name, #name, CallSupport::passed, seen, 0, words},
#define REFUSE(name, error, words) \
  {__NR_##name, #name, CallSupport::refused, by_nobody, error, words},
#include "interpose/calls/calls.def"
#undef MODEL
#undef PASS
#undef REFUSE
  };
  std::sort(rows.begin(), rows.end(),
            [](const CallRow& a, const CallRow& b) { return a.number < b.number; });
  return rows;
}

}  // namespace

const std::vector<CallRow>& call_rows() {
  static const auto rows = read_rows();
  return rows;
}

}  // namespace detsim
