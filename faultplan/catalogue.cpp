#include "faultplan/catalogue.hpp"

#include <asm-generic/errno.h>

#include "faultplan/text.hpp"

namespace detsim {
namespace {

template <typename... Each>
constexpr OpSet ops_of(Each... each) {
  return (bit_of(each) | ...);
}

template <typename... Each>
constexpr SubjectSet subjects_of(Each... each) {
  return static_cast<SubjectSet>((bit_of(each) | ...));
}

template <typename T, unsigned N>
struct List {
  T each[N] = {};
};

template <typename... Each>
constexpr List<std::int16_t, kErrorsMax> errors_of(Each... each) {
  return {{static_cast<std::int16_t>(each)...}};
}

template <typename... Each>
constexpr List<FaultParameter, kParametersMax> parameters_of(Each... each) {
  return {{each...}};
}

#define PARAMETER(name, unit, value, words) \
  FaultParameter { #name, Unit::unit, value, words }

struct Table {
  FaultRow rows[kFaults];
};

constexpr FaultRow make_row(const char* id, OpSet ops, SubjectSet subjects,
                            List<std::int16_t, kErrorsMax> errors,
                            List<FaultParameter, kParametersMax> parameters,
                            std::uint32_t per_billion, const char* source, Effect effect,
                            const char* aliases, const char* words) {
  FaultRow row{id, ops, subjects, {}, {}, per_billion, source, effect, aliases, words};
  for (unsigned i = 0; i < kErrorsMax; ++i) row.errors[i] = errors.each[i];
  for (unsigned i = 0; i < kParametersMax; ++i) row.parameters[i] = parameters.each[i];
  return row;
}

// The rows name operations and subjects without their enums.
constexpr Table make_table() {
  using enum Op;
  using enum Subject;
  return {{
#define FAULT(group, name, operations, subjects, errnos, parameters, per_billion, source, effect, \
              aliases, words)                                                                     \
  make_row(#group "." #name, ops_of operations, subjects_of subjects, errors_of errnos,           \
           parameters_of parameters, per_billion, source, Effect::effect, aliases, words),
#include "faultplan/catalogue.def"
#undef FAULT
  }};
}

constexpr Table kTable = make_table();

struct Digests {
  std::uint64_t of[kFaults];
};

constexpr Digests make_digests() {
  Digests digests{};
  for (unsigned i = 0; i < kFaults; ++i) digests.of[i] = digest_of_text(kTable.rows[i].id);
  return digests;
}

constexpr Digests kDigests = make_digests();

constexpr const char* kOpNames[kOps] = {
#define OP(name) #name,
#include "faultplan/ops.def"
#undef OP
};
constexpr const char* kSubjectNames[] = {"none",     "file",     "directory", "pipe",    "stream",
                                         "datagram", "terminal", "other",     "anything"};

}  // namespace

const char* name_of(Op op) { return kOpNames[static_cast<unsigned>(op)]; }
const char* name_of(Subject subject) { return kSubjectNames[static_cast<unsigned>(subject)]; }

const FaultRow& row_of(FaultId id) { return kTable.rows[static_cast<unsigned>(id)]; }
const char* name_of(FaultId id) { return row_of(id).id; }
std::uint64_t digest_of(FaultId id) { return kDigests.of[static_cast<unsigned>(id)]; }

}  // namespace detsim
