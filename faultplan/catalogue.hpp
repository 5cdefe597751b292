// The fault catalogue as data: what each row of catalogue.def says.
#pragma once
#include <cstdint>

namespace detsim {

/// What a call does, as far as a fault cares. A call may do several things at once.
enum class Op : std::uint8_t {
#define OP(name) name,
#include "faultplan/ops.def"
#undef OP
};
#define OP(name) +1
constexpr unsigned kOps = 0
#include "faultplan/ops.def"
    ;
#undef OP
static_assert(kOps <= 32);
using OpSet = std::uint32_t;
constexpr OpSet bit_of(Op op) { return 1u << static_cast<unsigned>(op); }

/// What a call is about: the kind of its descriptor; `file` if it takes a path; else `none`.
/// `anything` stands for all of them, in rows and rules.
enum class Subject : std::uint8_t {
  none,
  file,
  directory,
  pipe,
  stream,
  datagram,
  terminal,
  other,
  anything
};
constexpr unsigned kSubjects = 8;
using SubjectSet = std::uint8_t;
constexpr SubjectSet bit_of(Subject subject) {
  return static_cast<SubjectSet>(
      subject == Subject::anything ? 0xffu : 1u << static_cast<unsigned>(subject));
}

const char* name_of(Op op);
const char* name_of(Subject subject);

enum class Unit : std::uint8_t { flag, count, bytes, ns, ppm, per_billion };

/// Where a strike is carried out: it answers or changes the call, or happens beside it (both in
/// interpose/faults/), in the clocks and timers, in the durability model (faultplan/disk/), or by
/// the program itself. Of the faults that would answer one call, the first one does.
enum class Effect : std::uint8_t { call, beside, clock, disk_model, site };

struct FaultParameter {
  const char* name;  // nullptr: none
  Unit unit;
  std::uint64_t value;  // by default
  const char* words;
};
constexpr unsigned kErrorsMax = 4, kParametersMax = 4;

struct FaultRow {
  const char* id;
  OpSet ops;
  SubjectSet subjects;
  std::int16_t errors[kErrorsMax];  // errno; 0: none
  FaultParameter parameters[kParametersMax];
  std::uint32_t per_billion;
  const char* source;
  Effect effect;
  const char* aliases;  // separated by blanks
  const char* words;
};

/// Index of a row.
enum class FaultId : std::uint16_t {
#define FAULT(group, name, ...) group##_##name,
#include "faultplan/catalogue.def"
#undef FAULT
  count
};
constexpr unsigned kFaults = static_cast<unsigned>(FaultId::count);

const FaultRow& row_of(FaultId id);
const char* name_of(FaultId id);
/// A digest of the id: draws depend on it, and not on where its row stands.
std::uint64_t digest_of(FaultId id);

}  // namespace detsim
