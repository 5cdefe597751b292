// What programs ask of detsim by include/detsim/sdk.h and by the Antithesis SDK, which find these
// functions by name. Before the constructor has run and when there is no world, they answer as if
// detsim were not there.
//
// The Antithesis SDK looks for /usr/lib/libvoidstar.so, then loads it and asks it for three
// functions. Under detsim there is such a file (calls/metadata asks is_sdk_library), and loading it
// gives the program itself, in whose scope this library is.
#include "faultplan/text.hpp"
#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/random.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/sdk.hpp"
#include "interpose/faults/strike.hpp"

#define EXPORTED extern "C" __attribute__((visibility("default"), used))

namespace detsim {
namespace {

constexpr std::uint64_t kActivePurpose = 0x627567676966790;

// Whether a site takes part in this run at all.
bool is_active(const FaultRule& rule, const char* site) {
  auto draws = ChoiceStream::derive(fault_state().seed, Stream::fault,
                                    mix64(digest_of_text(site) ^ kActivePurpose));
  return draws.below(kCertain) < parameter(rule, "active");
}

bool fires(const char* site) {
  auto& state = fault_state();
  const Task& me = current_task();
  bool struck = false;
  for (std::uint32_t i = 0; i < state.rules_used; ++i) {
    auto& rule = state.rules[i];
    Opportunity what{.ops = bit_of(Op::site),
                     .now_ns = world().scheduler.now_ns,
                     .task = me.id,
                     .ancestry = me.ancestry,
                     .path = site,
                     .process = current_process().name};
    if (!may_apply(state, rule, what)) continue;
    // A certain site fires in every run.
    if (rule.per_billion < kCertain && !is_active(rule, site)) continue;
    if (rule.process_nth != 0) {
      what.process_nth = place_among_namesakes(current_process(), rule.process);
    }
    if (!decide_fault(state, rule, what)) continue;
    note_site(rule, site);
    struck = true;
  }
  return struck;
}

void check(PropertyKind kind, bool condition, const char* message, const char* details,
           const char* place) {
  count_property(properties(), kind, message, condition);
  const bool is_broken =
      !condition && (kind == PropertyKind::always || kind == PropertyKind::unreachable);
  if (!is_broken) return;
  Text<sizeof(World::message)> words;
  words << (kind == PropertyKind::always ? "property failed: " : "reached the unreachable: ")
        << message;
  if (details != nullptr && details[0] != 0) words << " (" << details << ')';
  if (place[0] != 0) words << ", at " << place;
  copy_text(world().message, words.data(), sizeof(World::message));
  stop_run(Outcome::property_failed);
}

// -- messages of the Antithesis SDK: one JSON object each

// Where the value of a key begins; nullptr: there is no such key. Quotes within texts are escaped.
const char* value_of(const char* json, std::size_t length, const char* key) {
  const auto bytes = strlen(key);
  for (std::size_t i = 0; i + bytes + 3 < length; ++i) {
    if (json[i] != '"' || (i > 0 && json[i - 1] == '\\')) continue;
    if (memcmp(json + i + 1, key, bytes) != 0 || json[i + 1 + bytes] != '"') continue;
    std::size_t at = i + bytes + 2;
    while (at < length && json[at] == ' ') ++at;
    if (at >= length || json[at] != ':') continue;
    ++at;
    while (at < length && json[at] == ' ') ++at;
    return at < length ? json + at : nullptr;
  }
  return nullptr;
}

bool is_true(const char* value) { return value != nullptr && starts_with(value, "true"); }

template <std::size_t N>
void copy_string(char (&to)[N], const char* value, const char* end) {
  std::size_t count = 0;
  if (value != nullptr && *value == '"') {
    for (++value; value < end && *value != '"' && count + 1 < N; ++value) {
      if (*value == '\\' && value + 1 < end) ++value;
      to[count++] = *value;
    }
  }
  to[count] = 0;
}

PropertyKind kind_of(const char* display) {
  if (starts_with(display, "Always")) return PropertyKind::always;
  if (starts_with(display, "Sometimes")) return PropertyKind::sometimes;
  if (starts_with(display, "Unreachable")) return PropertyKind::unreachable;
  return starts_with(display, "Reachable") ? PropertyKind::reachable : PropertyKind::none;
}

void take_message(const char* json, std::size_t length) {
  if (value_of(json, length, "antithesis_assert") == nullptr) return;
  // Assertions are announced when the program starts, and then reported when they are hit.
  if (!is_true(value_of(json, length, "hit"))) return;
  const char* end = json + length;
  char display[32], message[kPropertyBytes], file[128];
  copy_string(display, value_of(json, length, "display_type"), end);
  copy_string(message, value_of(json, length, "message"), end);
  copy_string(file, value_of(json, length, "file"), end);
  check(kind_of(display), is_true(value_of(json, length, "condition")), message, nullptr, file);
}

}  // namespace

bool is_sdk_library(const char* path) {
  return path != nullptr && memcmp(path, kSdkLibrary, kSdkLibraryBytes) == 0;
}

// The real one is jumped to, so that it sees the caller's own return address: which directories it
// looks in depends on who calls.
EXPORTED void* dlopen(const char* path, int flags) {
  using Function = void* (*)(const char*, int);
  static Function real;
  if (real == nullptr) {
    find_objects(nullptr);
    real = reinterpret_cast<Function>(find_next_function("dlopen"));
    if (real == nullptr) fatal("no library defines dlopen");
  }
  if (path != nullptr && cpu().task != nullptr && equal(path, kSdkLibrary)) path = nullptr;
  return real(path, flags);
}

EXPORTED int detsim_public_buggify(const char* name) {
  if (cpu().task == nullptr || !has_fault_plan()) return 0;
  if ((fault_state().ops & bit_of(Op::site)) == 0) return 0;
  return fires(name) ? 1 : 0;
}

EXPORTED std::uint64_t detsim_public_random() {
  return cpu().task == nullptr ? 0 : data_stream().next();
}

EXPORTED void detsim_public_property(int kind, int condition, const char* message,
                                     const char* details, const char* file, int line) {
  if (cpu().task == nullptr || kind < 1 || kind > 4) return;
  Text<160> place;
  place << file << ':' << line;
  check(static_cast<PropertyKind>(kind), condition != 0, message, details, place.data());
}

EXPORTED void fuzz_json_data(const char* message, std::size_t length) {
  if (cpu().task != nullptr) take_message(message, length);
}

EXPORTED void fuzz_flush() {}

EXPORTED std::uint64_t fuzz_get_random() { return detsim_public_random(); }

}  // namespace detsim
