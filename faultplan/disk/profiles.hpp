// What file systems may forget, as data: the rows of profiles.def.
#pragma once
#include <cstdint>

namespace detsim {

enum class ChangeOrder : std::uint8_t { any, journal, everything };
enum class SyncReach : std::uint8_t { nothing, names, earlier };
enum class DataOrder : std::uint8_t { in_place, ordered };
enum class Fill : std::uint8_t { zero, garbage };

struct Profile {
  const char* name;
  ChangeOrder order;
  SyncReach sync;
  DataOrder data;
  std::uint32_t grain_bytes;
  Fill fill;
  bool flushes;
  bool reverts;
  const char* words;
};

enum class ProfileId : std::uint8_t {
#define PROFILE(name, ...) name,
#include "faultplan/disk/profiles.def"
#undef PROFILE
  count
};
constexpr unsigned kProfiles = static_cast<unsigned>(ProfileId::count);

const Profile& profile_of(ProfileId id);
/// The profile of this name; ProfileId::count: there is none.
ProfileId find_profile(const char* name);

}  // namespace detsim
