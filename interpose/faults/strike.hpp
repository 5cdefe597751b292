// Carrying faults out, at the call that they strike.
//
// Each row of the catalogue whose effect is at a call has a function strike::class_name in the file
// of its class. It is called when the decision was that the fault strikes; it answers the call
// (Moment::fail, carry_out with changed arguments), or happens beside it. False: it could not be
// carried out here (a write of one byte has no part), and counts as no strike.
#pragma once
#include "interpose/faults/points.hpp"

namespace detsim {

/// Whether there is a plan that may strike this call, or has to know of it.
inline bool is_planned(std::uint64_t number) {
  return number < kCallNumbers ? fault_state().is_asked_of[number] : has_fault_plan();
}

/// Counts the current call as an opportunity of the rules that it is one of, and lets them decide.
/// False, as nearly always: nothing strikes, and the call goes as it does without a plan.
bool plan_strikes(const Call& call, Frame& f);

/// Carries such a call out under the plan: result or -errno, as its handler. Two functions, because
/// frames that are on the stack when the kernel is asked cost more than what they do: processors
/// forget there where functions return to.
long call_under_plan(const Call& call, Frame& f);

/// For faults that do not strike at a call: notes the strike in the trace and in the list.
void note_strike(const FaultRule& rule, const Moment* at, const Process& process,
                 std::uint64_t value);

/// The same for a site of the program.
void note_site(const FaultRule& rule, const char* site);

/// Whether a fault has left no space on the disk: statfs agrees with write.
bool is_disk_full();

/// The name of the process as rules match it, and its place among those of that name.
std::uint32_t place_among_namesakes(const Process& process, const char* pattern);

// The functions, and a list of them: those of other effects have none.
#define DETSIM_CARRIER_call(X, name) X(name)
#define DETSIM_CARRIER_beside(X, name) X(name)
#define DETSIM_CARRIER_disk_model(X, name) X(name)
#define DETSIM_CARRIER_clock(X, name)
#define DETSIM_CARRIER_site(X, name)
namespace strike {
#define X(name) bool name(Moment&);
#define FAULT(group, name, operations, subjects, errnos, parameters, per_billion, source, effect, \
              ...)                                                                                \
  DETSIM_CARRIER_##effect(X, group##_##name)
#include "faultplan/catalogue.def"
#undef FAULT
#undef X
}  // namespace strike

}  // namespace detsim
