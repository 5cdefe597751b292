#include "faultplan/disk/profiles.hpp"

#include "faultplan/text.hpp"

namespace detsim {
namespace {

constexpr Profile kTable[] = {
#define PROFILE(name, text, order, sync, data, grain, fill, flushes, reverts, words) \
  {                                                                                  \
      text,  ChangeOrder::order, SyncReach::sync, DataOrder::data,                   \
      grain, Fill::fill,         flushes,         reverts,                           \
      words},
#include "faultplan/disk/profiles.def"
#undef PROFILE
};

}  // namespace

const Profile& profile_of(ProfileId id) { return kTable[static_cast<unsigned>(id)]; }

ProfileId find_profile(const char* name) {
  for (unsigned i = 0; i < kProfiles; ++i) {
    if (digest_of_text(kTable[i].name) == digest_of_text(name)) return static_cast<ProfileId>(i);
  }
  return ProfileId::count;
}

}  // namespace detsim
