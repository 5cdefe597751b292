#include "launcher/machine_disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "faultplan/decision.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/disk/power_loss.hpp"
#include "launcher/values.hpp"
#include "scheduler/invariant.hpp"
#include "scheduler/own_names.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

constexpr std::array kSystemDirectories = {"/bin",  "/boot", "/dev",  "/etc", "/lib",
                                           "/proc", "/run",  "/sbin", "/sys", "/usr"};

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

bool is_system_directory(const std::string& path) {
  return path == "/" || std::any_of(kSystemDirectories.begin(), kSystemDirectories.end(),
                                    [&](const char* each) { return is_below(path, each); });
}

// What a failed fsync leaves on the disk shows only when the power fails, so disk.fsync_fail by
// itself, be it of a preset or a rule, needs no disk.
bool may_lose_power(const Plan& plan) {
  std::string site, problem;
  if (plan.preset == "verify" &&
      find_fault(plan.verify_fault, site, problem) == FaultId::proc_power_loss) {
    return true;
  }
  return std::any_of(plan.rules.begin(), plan.rules.end(), [](const PlanRule& each) {
    return each.rule.fault == FaultId::proc_power_loss;
  });
}

// As the rule says that cut the power.
TearRules tear_rules(const Round& round) {
  const auto& faults = *reinterpret_cast<const FaultState*>(kWorldFaults);
  if (round.rule == 0 || round.rule > faults.rules_used) return {};
  const auto& rule = faults.rules[round.rule - 1];
  constexpr std::uint64_t kUnits[] = {0, 512, 4096, 0};  // as the row's choices
  const auto tear = parameter(rule, "tear");
  return {.unit_bytes = kUnits[tear],
          .fronts = tear == std::size(kUnits) - 1,
          .fill = static_cast<TearRules::Filling>(parameter(rule, "fill")),
          .size_with_data = parameter(rule, "size") != 0,
          .splits_renames = parameter(rule, "rename") != 0};
}

DiskState& disk_state() { return *reinterpret_cast<DiskState*>(kWorldDisk); }

void make_overflow_room(DiskState& state, std::uint32_t number) {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, since Linux 5.14
  const auto part = overflow_to_fill(state, number);
  if (part.bytes == 0) return;
  const int result = madvise(reinterpret_cast<void*>(part.begin), part.bytes, kPopulateWrite);
  DETSIM_INVARIANT(result == 0 || errno == EINVAL);  // there is room for what is not durable
  state.overflow_end += part.bytes;
}

// What the model holds beyond some memory goes to a file, which takes no room before.
void map_overflow(const std::string& directory) {
  const auto path = directory + "/" + kOverflowName;
  const auto range = overflow_of(disk_state());
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* at = MAP_FAILED;
  if (fd >= 0 && ftruncate(fd, static_cast<off_t>(range.bytes)) == 0) {
    at = mmap(reinterpret_cast<void*>(range.begin), range.bytes, PROT_READ | PROT_WRITE,
              MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
  }
  disk_state().stays_in_memory = at == MAP_FAILED;
  if (at != MAP_FAILED) set_make_room(make_overflow_room);
  if (fd >= 0) close(fd);
}

// Where the original's own file system has room for what belongs to the run.
std::string make_next_to(const std::string& directory, std::string& problem) {
  auto name = (fs::path(directory).parent_path() / ".detsim-XXXXXX").string();
  if (mkdtemp(name.data()) != nullptr) return name;
  problem = fmt::format("cannot make a directory next to {}, as --in-place needs it: {}", directory,
                        std::strerror(errno));
  return "";
}

}  // namespace

bool has_disk(const RunOptions& options) {
  const auto& plan = options.faults;
  return !plan.disk_paths.empty() || !plan.disk_profile.empty() || plan.disk_in_place ||
         !options.then.empty() || options.crashes != 0 || !options.keep_disk.empty() ||
         may_lose_power(plan);
}

std::vector<std::string> disk_directories(const RunOptions& options, std::string& problem) {
  std::vector<std::string> directories;
  std::error_code error;
  for (const auto& path : options.faults.disk_paths) {
    const auto whole = fs::canonical(path, error);
    if (error || !fs::is_directory(whole)) {
      problem = fmt::format("the disk '{}' is no directory", path);
      return {};
    }
    if (is_system_directory(whole)) {
      problem = fmt::format("'{}' is a system's directory: it cannot be a run's disk", path);
      return {};
    }
    directories.push_back(whole);
  }
  if (!directories.empty()) return directories;
  const auto here = fs::current_path(error).string();
  if (error || is_system_directory(here)) {
    problem = fmt::format(
        "the run needs a disk, and the working directory ({}) is a system's: name a directory with "
        "--disk",
        here);
    return {};
  }
  return {here};
}

std::unique_ptr<MachineDisk> MachineDisk::create(const std::vector<std::string>& directories,
                                                 const PrivateView* view, std::string& problem) {
  auto disk = std::unique_ptr<MachineDisk>(new MachineDisk);
  for (const auto& shown : directories) {
    Place place{.shown = shown, .real = shown};
    if (view != nullptr) place.real = view->real_path(shown);
    if (place.real.empty()) {
      problem = fmt::format("the run's view of its directories has no {}", shown);
      return nullptr;
    }
    disk->places_.push_back(place);
  }
  if (view != nullptr) {
    disk->own_ = view->own_directory();
  } else {
    disk->own_ = make_next_to(directories.front(), problem);
    if (disk->own_.empty()) return nullptr;
    disk->owns_ = true;
  }
  return disk;
}

MachineDisk::~MachineDisk() {
  std::error_code error;
  if (owns_) fs::remove_all(own_, error);
}

std::string MachineDisk::prepare(const std::string& profile) const {
  auto id = ProfileId::ext4_ordered;
  if (!profile.empty()) id = find_profile(profile.c_str());
  if (id == ProfileId::count) {
    std::vector<std::string> names;
    for (unsigned i = 0; i < kProfiles; ++i) {
      names.emplace_back(profile_of(static_cast<ProfileId>(i)).name);
    }
    return fmt::format("there is no profile '{}'{}; there are {}", profile,
                       did_you_mean(profile, names), fmt::join(names, ", "));
  }
  if (places_.size() > kViewsMax) {
    return fmt::format("a disk has at most {} directories", kViewsMax);
  }
  std::vector<DiskDirectory> directories;
  for (const auto& place : places_) directories.push_back({place.shown, place.real});
  prepare_disk(disk_state(), directories, own_, id);
  map_overflow(own_);
  return "";
}

// Numbers are used again: files with the same one are told apart by when they were made.
MachineDisk::Identities MachineDisk::identities() const {
  Identities found;
  const auto add = [&found](const fs::path& path) {
    struct statx status {};
    const unsigned mask = STATX_INO | STATX_BTIME;
    if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, mask, &status) != 0) return;
    found.emplace(makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino,
                  status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
  };
  std::error_code error;
  for (const auto& place : places_) {
    for (const auto& entry : fs::recursive_directory_iterator(place.real, error)) add(entry);
  }
  return found;
}

std::string MachineDisk::cut_power(std::uint64_t seed) const {
  auto& round = round_of_run();
  const auto before = identities();
  const auto cut = resolve_power_loss(disk_state(), seed, round.cuts - 1, tear_rules(round));
  if (!cut.accusation.empty()) {
    return "the model of the disk breaks its promise, please report it: " + cut.accusation;
  }
  if (!cut.problem.empty()) return "cannot carry out the loss of power: " + cut.problem;
  const auto after = identities();
  round.lost_used = 0;
  const auto note = [&round](const auto& from, const auto& other) {
    for (const auto& each : from) {
      if (other.contains(each) || round.lost_used == kLostFilesMax) continue;
      auto& lost = round.lost[round.lost_used++];
      lost.device = std::get<0>(each);
      lost.number = std::get<1>(each);
    }
  };
  note(before, after);
  note(after, before);
  return "";
}

std::string MachineDisk::copy_out(const std::string& directory) const {
  std::error_code error;
  for (const auto& place : places_) {
    auto to = fs::path(directory);
    if (places_.size() > 1) to /= fs::path(place.shown).relative_path();
    fs::create_directories(to, error);
    if (error || !fs::is_empty(to, error)) {
      return fmt::format("cannot keep the disk in {}: {}", to.string(),
                         error ? error.message() : "it is not empty");
    }
    const auto copied = copy_tree(place.real, to, {.prefix = kViewPrefix, .paths = {}});
    if (!copied.problem.empty()) return copied.problem;
  }
  return "";
}

}  // namespace detsim
