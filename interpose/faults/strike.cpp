#include "interpose/faults/strike.hpp"

#include <asm-generic/errno.h>
#include <sys/socket.h>

#include "faultplan/text.hpp"
#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/disk/over_disk.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/clocks.hpp"
#include "interpose/faults/effects.hpp"
#include "interpose/faults/lost_pages.hpp"
#include "interpose/faults/marks.hpp"
#include "interpose/faults/passing.hpp"
#include "interpose/faults/paths.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

using Carrier = bool (*)(Moment&);

struct Carriers {
  Carrier of[kFaults];
};

constexpr Carriers make_carriers() {
  Carriers carriers{};
#define X(name) carriers.of[static_cast<unsigned>(FaultId::name)] = strike::name;
#define FAULT(group, name, operations, subjects, errnos, parameters, per_billion, source, effect, \
              ...)                                                                                \
  DETSIM_CARRIER_##effect(X, group##_##name)
#include "faultplan/catalogue.def"
#undef FAULT
#undef X
  return carriers;
}

constexpr Carriers kCarriers = make_carriers();

constexpr unsigned kStruckMax = 32;  // rules that strike one call

Opportunity opportunity_of(const Moment& moment) {
  const Task& me = current_task();
  return {.ops = moment.ops,
          .subject = moment.subject,
          .call = static_cast<std::uint16_t>(moment.frame.number),
          .now_ns = world().scheduler.now_ns,
          .task = me.id,
          .ancestry = me.ancestry,
          .timing = moment.timing};
}

// Files are judged once, by the path that they were first seen under.
enum class Scope : std::uint8_t { unknown, inside, outside };

Scope& scope_of(const Inode& file) {
  return reinterpret_cast<Scope*>(kWorldFileScopes)[index_of(file)];
}

// What the run got from outside as standard streams is none of its disk: where its output goes does
// not decide what strikes it.
void exempt_standard_streams() {
  auto& state = fault_state();
  if (state.knows_standard_streams) return;
  state.knows_standard_streams = true;
  for (int fd = 0; fd <= 2; ++fd) {
    if (const Inode* file = file_behind(look_up(fd))) scope_of(*file) = Scope::outside;
  }
}

bool is_in_scope(Moment& moment) {
  if (moment.file == nullptr) return is_in_disk_scope(moment.path());
  auto& judged = scope_of(*moment.file);
  if (judged == Scope::unknown) {
    judged = is_in_disk_scope(moment.path()) ? Scope::inside : Scope::outside;
  }
  return judged == Scope::inside;
}

// Fills in what the rule asks for. False: it is not in the scope of disks.
bool complete(Opportunity& what, const FaultRule& rule, Moment& moment) {
  if (rule.scoped && !is_in_scope(moment)) return false;
  if (needs_path(rule)) {
    what.path = moment.path();
    what.other_path = moment.other_path();
  }
  if (needs_process(rule)) {
    what.process = current_process().name;
    what.process_nth =
        rule.process_nth == 0 ? 0 : place_among_namesakes(current_process(), rule.process);
  }
  return true;
}

bool opens_hosts_file(Moment& moment) {
  return (moment.ops & bit_of(Op::open)) != 0 && equal(moment.path(), "/etc/hosts");
}

// Looks through the rules once for each call number.
const CallConcern& concern_of(std::uint64_t number) {
  auto& state = fault_state();
  const bool is_call = number < kCallNumbers - 1;
  auto& concern = state.concerns[is_call ? number : kCallNumbers - 1];
  if (concern.is_known) [[likely]]
    return concern;
  const auto ops = possible_ops(number);
  if ((ops & state.watched_ops) != 0) concern.subjects |= bit_of(Subject::file);
  for (std::uint32_t i = 0; i < state.rules_used; ++i) {
    const auto& rule = state.rules[i];
    if ((rule.ops & ops) == 0) continue;
    // What it struck at one call another one may have to finish: so whatever `call` says.
    concern.subjects |= rule.subjects;
    if (rule.call == 0 || rule.call == number + 1) concern.rules[i / 64] |= 1ull << i % 64;
  }
  concern.is_known = true;
  // Clocks are settled at every call.
  const bool settles = (state.ops & bit_of(Op::process)) != 0;
  if (is_call) state.is_asked_of[number] = settles || concern.subjects != 0;
  return concern;
}

struct Struck {
  FaultRule* rules[kStruckMax];
  unsigned count;
};

// Every rule decides for itself, whatever the others did.
Opportunities decide_all(Moment& moment, const CallConcern& concern, Struck& struck) {
  auto& state = fault_state();
  auto what = opportunity_of(moment);
  Opportunities opportunities;
  struck.count = 0;
  for (unsigned word = 0; word < kRulesMax / 64; ++word) {
    for (auto left = concern.rules[word]; left != 0; left &= left - 1) {
      auto& rule = state.rules[word * 64 + static_cast<unsigned>(__builtin_ctzll(left))];
      if (!may_apply(state, rule, what) || !complete(what, rule, moment)) {
        opportunities.add_later(rule);
        continue;
      }
      const auto before = rule.opportunities;
      if (decide_fault(state, rule, what) && struck.count < kStruckMax) {
        struck.rules[struck.count++] = &rule;
      }
      opportunities.add(rule, rule.opportunities != before);
    }
  }
  return opportunities;
}

void strike_one(Moment& moment, FaultRule& rule) {
  moment.rule = &rule;
  moment.error = 0;
  moment.value = 0;
  moment.is_noted = false;
  // What ends the process or the run does not come back: it notes itself.
  if (!kCarriers.of[static_cast<unsigned>(rule.fault)](moment)) return withdraw(rule);
  if (!moment.is_noted) note_strike(rule, &moment, current_process(), moment.value);
}

void strike_all(Moment& moment, const Struck& struck) {
  for (unsigned i = 0; i < struck.count; ++i) {
    if (row_of(struck.rules[i]->fault).effect == Effect::beside) {
      strike_one(moment, *struck.rules[i]);
    }
  }
  for (unsigned i = 0; i < struck.count; ++i) {
    if (row_of(struck.rules[i]->fault).effect == Effect::beside) continue;
    if (moment.answered) {
      withdraw(*struck.rules[i]);
    } else {
      strike_one(moment, *struck.rules[i]);
    }
  }
}

// False: the plan has nothing to do with this call.
bool is_concerned(Moment& moment, const CallConcern& concern) {
  const auto& state = fault_state();
  if ((concern.subjects & bit_of(moment.subject)) == 0) return false;
  if ((state.ops & bit_of(Op::look_up)) != 0 && opens_hosts_file(moment)) {
    moment.ops |= bit_of(Op::look_up);
  }
  return (moment.ops & state.ops) != 0;
}

bool is_watched(const Moment& moment) { return (moment.ops & fault_state().watched_ops) != 0; }

// Several datagrams in one call: each is struck or not, as if it were sent by sendmsg.
bool is_in_parts(const Moment& moment) {
  return moment.frame.number == __NR_sendmmsg && moment.subject == Subject::datagram;
}

long send_each(const Frame& f) {
  constexpr std::uint64_t kMostAtOnce = 1024;  // UIO_MAXIOV
  const auto count = f.rdx < kMostAtOnce ? f.rdx : kMostAtOnce;
  auto* messages = reinterpret_cast<mmsghdr*>(f.rsi);
  const Call& call = call_of(__NR_sendmsg);
  for (std::uint64_t i = 0; i < count; ++i) {
    Frame part = f;
    part.number = __NR_sendmsg;
    part.rsi = reinterpret_cast<std::uint64_t>(&messages[i].msg_hdr);
    part.rdx = f.r10;
    const long sent =
        plan_strikes(call, part) ? call_under_plan(call, part) : carry_out(call, part);
    if (sent < 0) return i != 0 ? static_cast<long>(i) : sent;
    if (!put_user(static_cast<std::uint32_t>(sent), &messages[i].msg_len)) return -EFAULT;
  }
  return static_cast<long>(count);
}

// What strikes the current call, from plan_strikes() to call_under_plan(): nobody else runs in
// between.
struct Decided {
  std::uint64_t entered;  // World::entered of that call
  Struck struck;
};
Decided decided;

}  // namespace

bool plan_strikes(const Call& call, Frame& f) {
  const auto& state = fault_state();
  if (passes_as_before(f)) return false;
  exempt_standard_streams();
  if ((state.ops & bit_of(Op::process)) != 0) settle_clocks(current_process());
  const auto& concern = concern_of(f.number);
  Moment moment(call, f);
  decided.entered = world().entered;
  decided.struck.count = 0;
  if (is_in_parts(moment) || remaps_lost_pages(f)) return true;
  if (!is_concerned(moment, concern)) {
    Opportunities().remember(moment);
    return false;
  }
  const auto opportunities = decide_all(moment, concern, decided.struck);
  if (decided.struck.count != 0 || state.has_after_rules || is_watched(moment) ||
      moment.subject == Subject::datagram) {
    return true;
  }
  opportunities.remember(moment);
  return false;
}

long call_under_plan(const Call& call, Frame& f) {
  DETSIM_INVARIANT(decided.entered == world().entered);
  Struck struck = decided.struck;
  const auto& concern = concern_of(f.number);
  Moment moment(call, f);
  if (is_in_parts(moment)) return send_each(f);
  is_concerned(moment, concern);
  if (is_watched(moment)) keep_past(moment);
  strike_all(moment, struck);
  if (!moment.answered) {
    is_watched(moment) ? carry_out_over_marks(moment) : moment.carry_out();
    if (moment.result == -EFAULT && remaps_lost_pages(f)) moment.result = remap_in_parts(call, f);
    if (moment.subject == Subject::datagram) release_held_datagram(moment);
  }
  if (!fault_state().has_after_rules || moment.result == kFrameIsSet || is_restart(moment.result)) {
    return moment.result;
  }
  moment.timing = Timing::after;
  decide_all(moment, concern, struck);
  strike_all(moment, struck);
  return moment.result;
}

std::uint32_t place_among_namesakes(const Process& process, const char* pattern) {
  const auto& w = world();
  std::uint32_t place = 0;
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const auto& other = w.processes[i];
    if (other.state == ProcessState::unused || other.pid > process.pid) continue;
    if (pattern[0] == 0 || matches_name(pattern, other.name)) ++place;
  }
  return place;
}

void note_site(const FaultRule& rule, const char* site) {
  auto& state = fault_state();
  note_strike(rule, nullptr, current_process(), 0);
  if (state.strikes <= kStrikesMax)
    copy_text(state.log[state.strikes - 1].path, site, kStrikePathBytes);
}

void note_strike(const FaultRule& rule, const Moment* at, const Process& process,
                 std::uint64_t value) {
  auto& state = fault_state();
  Strike strike{.time_ns = world().scheduler.now_ns,
                .pid = process.pid,
                .tid = current_task().tid,
                .fault = rule.fault,
                .rule = static_cast<std::uint16_t>(&rule - state.rules),
                .value = value};
  copy_text(strike.process, process.name, sizeof strike.process);
  // What strikes at no call is noted as soon as it is decided.
  const auto identity = at == nullptr ? state.decided : identity_of(state, rule, current_task().id);
  strike.ancestry = identity.ancestry;
  strike.asked = identity.asked;
  if (at != nullptr) {
    strike.call = static_cast<std::uint16_t>(at->frame.number);
    strike.error = at->error;
    const char* path = const_cast<Moment*>(at)->path();
    const auto length = strlen(path);
    const auto skipped = length < kStrikePathBytes ? 0 : length - kStrikePathBytes + 1;
    copy_text(strike.path, path + skipped, kStrikePathBytes);
    strike.has_offset = find_offset(*at, strike.offset);
  }
  record({.kind = EventKind::fault,
          .call = strike.call,
          .result = static_cast<std::int64_t>(rule.fault),
          .detail = value});
  log_strike(state, strike);
}

}  // namespace detsim
