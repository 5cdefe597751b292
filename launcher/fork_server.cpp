#include "launcher/fork_server.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "launcher/attend.hpp"
#include "launcher/call_table.hpp"
#include "launcher/children.hpp"
#include "launcher/follow.hpp"
#include "launcher/message_queues.hpp"
#include "launcher/start.hpp"
#include "scheduler/park.hpp"
#include "scheduler/prefix.hpp"

namespace detsim {
namespace {

constexpr std::size_t kBranchesMax = 24;
constexpr std::uint64_t kPreparedMax = 256 << 10;  // larger ones are written here and there

using Written = ForkServer::Written;

bool has_rules(const Plan& plan) { return !plan.rules.empty() || !plan.preset.empty(); }

Written contents_of(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  Written file{.text = std::string(static_cast<std::size_t>(status.st_size), '\0'),
               .offset = lseek(fd, 0, SEEK_CUR)};
  const auto got = pread(fd, file.text.data(), file.text.size(), 0);
  file.text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return file;
}

// The target's descriptor shares its offset with this one.
void set_contents(int fd, const Written& file) {
  if (ftruncate(fd, 0) != 0) return;
  if (!file.text.empty()) {
    [[maybe_unused]] const auto written = pwrite(fd, file.text.data(), file.text.size(), 0);
  }
  lseek(fd, file.offset, SEEK_SET);
}

// The choices that are made before a place.
std::vector<Choice> before(const std::vector<Choice>& choices, std::uint64_t number) {
  std::vector<Choice> first;
  for (const auto& choice : choices) {
    if (choice.number < number) first.push_back(choice);
  }
  return first;
}

// Where a list of choices is likely to be changed: at its entries. Without any, all along.
std::vector<std::uint64_t> branch_points(const Choices& choices, std::uint64_t decisions) {
  std::vector<std::uint64_t> points = {0};  // and behind all that is done by one task alone
  const auto& switches = choices.switches;
  const auto count = switches.empty() ? kBranchesMax : std::min(kBranchesMax, switches.size());
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back(switches.empty() ? decisions * (i + 1) / (count + 1)
                                      : switches[i * switches.size() / count].number);
  }
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

// What stands directly in the directories of a view, told from what might come in its place.
std::vector<std::pair<std::string, ino_t>> entries_of(const std::shared_ptr<PrivateView>& view) {
  std::vector<std::pair<std::string, ino_t>> entries;
  if (view == nullptr) return entries;
  for (const auto& place : view->directories()) {
    DIR* directory = opendir(place.copy.c_str());
    if (directory == nullptr) continue;
    while (const auto* entry = readdir(directory))
      entries.emplace_back(entry->d_name, entry->d_ino);
    closedir(directory);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// One that died by itself was reaped with the run that it died in: then this is nobody's.
void end_process(pid_t pid) {
  const bool is_there = waitpid(pid, nullptr, WNOHANG | __WALL) == 0;
  if (is_there && kill(pid, SIGKILL) == 0) waitpid(pid, nullptr, __WALL);
}

std::string name_of_call(std::uint32_t number) {
  for (const auto& row : call_rows()) {
    if (row.number == static_cast<int>(number)) return row.name;
  }
  return fmt::format("call {}", number);
}

}  // namespace

ForkServer::ForkServer(const RunOptions& options, Launch launch,
                       std::unique_ptr<WorldMapping> mapping)
    : options_(options),
      launch_(std::move(launch)),
      mapping_(std::move(mapping)),
      pages_(mapping_->descriptor()) {
  view_entries_ = entries_of(launch_.view);
}

ForkServer::~ForkServer() {
  end_again();
  while (!places_.empty()) drop_last_place();
}

std::unique_ptr<ForkServer> ForkServer::start(const RunOptions& options, std::string& why,
                                              bool keeps_files) {
  if (has_disk(options)) why = "each has a disk that forgets";
  if (!options.then.empty() || options.crashes != 0) why = "each goes on after its command";
  if (!why.empty()) return nullptr;
  auto launch = prepare(options);
  if (launch.refused != 0) return nullptr;
  auto mapping = WorldMapping::create(config_of(options, launch), why);
  if (mapping == nullptr) return nullptr;
  std::unique_ptr<ForkServer> server(
      new ForkServer(options, std::move(launch), std::move(mapping)));
  server->keeps_files_ = keeps_files;
  return server->park(options, why) ? std::move(server) : nullptr;
}

bool ForkServer::park(const RunOptions& options, std::string& why) {
  auto& control = park_control();
  control.at_prefix_end = true;
  control.at_first_call = has_rules(options.faults);
  control.puts_back_files = keeps_files_;
  if (keeps_files_ && launch_.view != nullptr) control.view_device = device_of(*launch_.view);
  world().trace.stop_at = ~0ull;
  set_limits(options);
  mapping_->publish();
  become_subreaper();
  const SignalWatch signals;
  const auto start = start_root(options, launch_, launch_.target);
  if (start.pid < 0) {
    why = start.problem;
    return false;
  }
  auto quietly = options;
  quietly.look = [](World&, Outcome) {};
  RunResult result;
  if (attend(quietly, start.pid, signals, nullptr, result) == Attended::ended) {
    why = "the program ended before its seed came in";
    return false;
  }
  outside_call_ = control.outside_call;
  add_place(start.pid, options);
  return true;
}

// The process has just parked, in the next place of the world's list.
void ForkServer::add_place(pid_t pid, const RunOptions& options) {
  spare(pid);
  const auto& w = world();
  Place place{.pid = pid,
              .image = {},
              .output = contents_of(options_.standard_output),
              .error = contents_of(options_.standard_error),
              .seed = options.seed,
              .decision = w.scheduler.decisions,
              .wakes = w.scheduler.wake_draws,
              .events = w.trace.count,
              .followed = options.choices == nullptr ? strategy_of(options) : "",
              .choices = {},
              .files = nullptr};
  if (options.choices != nullptr) {
    place.choices.switches = before(options.choices->switches, place.decision);
    place.choices.wakes = before(options.choices->wakes, place.wakes);
  }
  place.image.take(pages_);
  if (keeps_files_ && launch_.view != nullptr) {
    place.files = std::make_unique<ViewSnapshot>();
    const auto problem = place.files->take(*launch_.view);
    place.is_lost = !problem.empty();
    if (place.is_lost) why_lost_ = problem;
  }
  places_.push_back(std::move(place));
}

// A mapping of a file that is not the same any more would go on showing the old one.
std::string ForkServer::put_back_files(Place& place) {
  auto& control = park_control();
  control.replaced_used = 0;
  if (place.files == nullptr) return "";
  if (auto problem = place.files->put_back(); !problem.empty()) return problem;
  const auto replaced = place.files->replaced();
  if (replaced.size() > kReplacedMax)
    return "branches remove too many files that were there before";
  for (const auto& file : replaced) {
    if (is_mapped(place.pid, file.was)) return "a branch removed a file that is mapped";
    control.replaced[control.replaced_used++] = file;
  }
  return "";
}

void ForkServer::drop_last_place() {
  const pid_t pid = places_.back().pid;
  spare_no_longer(pid);
  end_process(pid);
  places_.pop_back();
  park_control().used = static_cast<std::uint32_t>(places_.size());
  park_control().places[places_.size()] = {};
}

bool ForkServer::is_stale() const { return entries_of(launch_.view) != view_entries_; }

bool ForkServer::serves(const RunOptions& options) const {
  return options.view == launch_.view && options.limits == options_.limits &&
         options.standard_input == options_.standard_input && options.then.empty() &&
         options.crashes == 0 && !has_disk(options) && options.trace_path.empty() &&
         options.environment_pad == 0 && options.stop_at == ~0ull &&
         options.start_directory.empty() && options.command == options_.command &&
         options.cpus == options_.cpus && options.epoch_ns == options_.epoch_ns &&
         options.virtual_limit_ns == options_.virtual_limit_ns &&
         options.environment == options_.environment && options.core == options_.core &&
         options.faults_text == options_.faults_text && options.fault_texts == options_.fault_texts;
}

bool ForkServer::leads_to(const Place& place, const RunOptions& options) {
  if (options.choices == nullptr) {
    return options.seed == place.seed && strategy_of(options) == place.followed &&
           (options.branch.is_root() || place.decision <= options.branch.decision);
  }
  return place.followed.empty() && options.seed == place.seed &&
         before(options.choices->switches, place.decision) == place.choices.switches &&
         before(options.choices->wakes, place.wakes) == place.choices.wakes;
}

RunResult ForkServer::run(const RunOptions& options) {
  for (std::size_t number = places_.size(); number-- > 0;) {
    auto& place = places_[number];
    if (number > 0 && (place.is_lost || !leads_to(place, options))) continue;
    const auto problem = place.is_lost ? why_lost_ : put_back_files(place);
    if (problem.empty()) return run_from(number, options);
    place.is_lost = true;
    why_lost_ = problem;
  }
  RunResult result;
  result.refused = kExitFailed;
  result.problem = why_lost_;
  return result;
}

void ForkServer::put_back(const Place& place, const RunOptions& options) {
  auto& control = park_control();
  place.image.put_back(pages_);
  control.extent_count = 0;
  for (const auto& extent : place.image.extents()) {
    if (control.extent_count == kExtentsMax) break;
    if (extent.end - extent.begin > kPreparedMax) continue;
    control.extents[control.extent_count++] = {kWorldAddress + extent.begin,
                                               kWorldAddress + extent.end};
  }
  set_contents(options_.standard_output, place.output);
  set_contents(options_.standard_error, place.error);
  const bool is_listed = options.choices != nullptr;
  park_control().branch = is_listed ? Branch{} : options.branch;
  if (&place == &places_[0]) {
    world().config.seed = options.seed;
  } else if (is_listed) {
    follow_on(*options.choices);
  }
}

RunResult ForkServer::run_from(std::size_t number, const RunOptions& options) {
  RunResult result;
  const auto events_before = places_[number].events;
  auto& control = park_control();
  control.outside_call = 0;
  control.notes_outside = true;
  put_back(places_[number], options);
  if (number == 0) result.problem = decide_run(options, launch_, prefix().strategy);
  const SignalWatch signals;
  pid_t root = result.problem.empty() ? order_start(number) : 0;
  while (root != 0 &&
         attend(options, root, signals, nullptr, result, places_.size()) == Attended::parked) {
    add_place(root, options);
    root = order_copy(places_.size() - 1);
  }
  if (root == 0) {
    result.refused = kExitFailed;
    if (result.problem.empty()) result.problem = "the parked process could not be copied";
    return result;
  }
  keep_again(root, result);
  left_view_alone_ = outside_call_ == 0 && control.outside_call == 0;
  remove_message_queues();
  gather_result(options, result);
  if (options.returns_view) result.view = launch_.view;
  events_ += result.events;
  executed_events_ += result.events - events_before;
  return result;
}

// Whoever begins a run there: a copy that has done one, or a new one.
pid_t ForkServer::order_start(std::size_t number) {
  auto& control = park_control();
  control.rewinds = rewinds_ && number == 0 && !control.at_decisions && control.replaced_used == 0;
  control.rewound.real_pid = 0;
  was_rewound_ = control.rewinds && again_ != 0;
  if (was_rewound_) {
    if (const pid_t pid = order_again(); pid != 0) return pid;
    was_rewound_ = false;
  }
  return order_copy(number);
}

pid_t ForkServer::order_again() {
  const pid_t pid = std::exchange(again_, 0);
  spare_no_longer(pid);
  if (waitpid(pid, nullptr, WNOHANG | __WALL) != 0) return 0;  // it was killed from outside
  auto& orders = park_control().rewound.orders;
  __atomic_add_fetch(&orders, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &orders, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  ++rewound_runs_;
  return pid;
}

// A signal of the launcher's might come to it after the end of its run.
void ForkServer::keep_again(pid_t root, const RunResult& result) {
  if (park_control().rewound.real_pid != root) return;
  again_ = root;
  spare(root);
  if (result.was_signalled || result.outside_signal != 0) end_again();
}

void ForkServer::end_again() {
  if (again_ == 0) return;
  const pid_t pid = std::exchange(again_, 0);
  spare_no_longer(pid);
  end_process(pid);
}

void ForkServer::rewind_copies(bool wanted) {
  rewinds_ = wanted;
  if (!wanted) end_again();
}

// The process that stands there goes on in a copy. Returns its pid; 0: it could not.
pid_t ForkServer::order_copy(std::size_t number) {
  auto& place = park_control().places[number];
  const auto answers = __atomic_load_n(&place.answers, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&place.orders, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &place.orders, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  while (__atomic_load_n(&place.answers, __ATOMIC_SEQ_CST) == answers) {
    const timespec patience{.tv_sec = 0, .tv_nsec = 100000000};
    const auto waited =
        syscall(SYS_futex, &place.answers, FUTEX_WAIT, answers, &patience, nullptr, 0);
    if (waited != 0 && errno == ETIMEDOUT && !is_alive(places_[number].pid)) return 0;
  }
  return place.child > 0 ? place.child : 0;
}

std::string ForkServer::branch_along(const RunOptions& options, std::uint64_t decisions) {
  auto& control = park_control();
  if (outside_call_ != 0) {
    return fmt::format("before its seed comes in, it calls {}, whose effect copies would share",
                       name_of_call(outside_call_ - 1));
  }
  if (has_rules(options.faults)) return "it has a fault plan";
  while (places_.size() > 1 && !leads_to(places_.back(), options)) drop_last_place();
  control.decision_count = control.next_decision = 0;
  for (const auto point : branch_points(*options.choices, decisions)) {
    if (places_.size() > 1 && point <= places_.back().decision) continue;
    if (places_.size() + control.decision_count == kPlacesMax) break;
    control.decisions[control.decision_count++] = point;
  }
  if (control.decision_count == 0) return "";
  control.outside_call = 0;
  control.at_decisions = true;
  const auto result = run_from(places_.size() - 1, options);
  control.at_decisions = false;
  if (result.refused != 0) return result.problem;
  return places_.size() > 1 ? "" : why_no_place();
}

RunResult ForkServer::run_and_park(const RunOptions& options,
                                   const std::vector<std::uint64_t>& decisions) {
  auto& control = park_control();
  control.decision_count = control.next_decision = 0;
  for (const auto decision : decisions) {
    const bool is_new = places_.size() == 1 || decision > places_.back().decision;
    if (is_new && places_.size() + control.decision_count < kPlacesMax)
      control.decisions[control.decision_count++] = decision;
  }
  control.outside_call = 0;
  control.hindrance = Hindrance::none;
  why_lost_.clear();
  control.at_decisions = true;
  auto result = run(options);
  control.at_decisions = false;
  return result;
}

std::string ForkServer::why_no_place() const {
  const auto& control = park_control();
  if (control.outside_call != 0) {
    return fmt::format("it calls {}, whose effect copies would share",
                       name_of_call(control.outside_call - 1));
  }
  if (!why_lost_.empty()) return why_lost_;
  if (control.next_decision == control.decision_count) return "";
  switch (control.hindrance) {
    case Hindrance::pipe_with_data: return "a pipe holds data at its other decisions";
    case Hindrance::nameless_file: return "a file is open that has no name any more";
    case Hindrance::many_files: return "it has too many files open";
    case Hindrance::none: return "";
  }
  return "";
}

std::vector<std::uint64_t> ForkServer::places() const {
  std::vector<std::uint64_t> decisions;
  for (std::size_t i = 1; i < places_.size(); ++i) {
    if (!places_[i].is_lost) decisions.push_back(places_[i].decision);
  }
  return decisions;
}

void ForkServer::drop_places() {
  while (places_.size() > 1) drop_last_place();
}

}  // namespace detsim
