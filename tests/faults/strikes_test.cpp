// What strikes does what the catalogue says, once when told so, and the same in every run.
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "support.hpp"

using namespace detsim;

TEST_CASE("a certain rule with max 1 strikes once, with its errno") {
  const auto result = strike("file", {"disk.write_fail=1,max=1,error=ENOSPC"});
  CHECK(result.output.starts_with("write -1 ENOSPC\nread 0 \n"));
  CHECK(has(result.output, "write 16 \nread 16 \n0123456789abcdef\n"));
  CHECK(result.says("1 fault struck"));
}

TEST_CASE("disk: short transfers, errors, corruption that stays, lost and stale data") {
  CHECK_FALSE(has(strike("file", {"disk.partial_write=1"}).output, "write 16"));
  CHECK(has(strike("file", {"disk.partial_write=1,silent=true"}).output, "write 16"));
  CHECK_FALSE(has(strike("file", {"disk.short_read=1"}).output, "read 16"));
  CHECK(has(strike("file", {"disk.read_fail,when=2"}).output, "read -1 EIO"));
  CHECK(has(strike("file", {"disk.fsync_fail=1,error=EIO"}).output, "sync -1 EIO"));
  const auto phantom = strike("file", {"disk.phantom_write,max=1"}).output;
  CHECK(phantom.starts_with("write 16 \nread 0 \n"));

  const auto corrupt = strike("file", {"disk.corruption,max=1"}).output;
  std::istringstream lines(corrupt);
  std::string line, first, again, anew;
  std::getline(lines, line);
  std::getline(lines, line), std::getline(lines, first);
  std::getline(lines, line), std::getline(lines, again);
  std::getline(lines, line), std::getline(lines, line), std::getline(lines, anew);
  CHECK(first.size() == 16);
  CHECK(first != "0123456789abcdef");
  CHECK(first == again);
  CHECK(anew == "0123456789abcdef");

  const auto latent = strike("file", {"disk.latent_sector,max=1"}).output;
  CHECK(latent.starts_with("write 16 \nread -1 EIO\n\nread -1 EIO\n\nwrite 16 \nread 16 \n"));
}

TEST_CASE("a rule's path is what the file is called now") {
  const std::string works = "write 1 \n", fails = "write -1 EIO\n";
  const auto rule = [](const std::string& name) {
    return "disk.write_fail=1,error=EIO,path=**/detsim-calls-" + name;
  };
  CHECK(strike("renamed", {rule("after")}).output == works + fails + works + fails + works);
  CHECK(strike("renamed", {rule("before")}).output == fails + works + fails + works + fails);
}

TEST_CASE("disk.read_fail: a mapped page that cannot be read is SIGBUS") {
  const std::string lost = "SIGBUS BUS_ADRERR\ncall -1 EFAULT\n", page = "x\n";
  CHECK(strike("mapping", {}).output == "mmap 0 \nx\nx\nx\nx\nmunmap 0 \n");
  std::set<std::string> places;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const auto result = strike("mapping", {"disk.read_fail=1,max=1"}, seed);
    CHECK(result.says("1 fault struck"));
    auto left = result.output;
    const auto at = left.find(lost);
    REQUIRE_MESSAGE(at != std::string::npos, left);
    left.replace(at, lost.size(), page);
    CHECK(left == "mmap 0 \nx\nx\nx\nx\nmunmap 0 \n");
    places.insert(result.output);
    CHECK(strike("mapping", {"disk.read_fail=1,max=1"}, seed).output == result.output);
  }
  CHECK(places.size() > 1);
  CHECK(strike("mapping", {"disk.read_fail=1,op=read"}).output == strike("mapping", {}).output);
}

TEST_CASE("disk.read_fail: a mapping moves with the page that it has lost") {
  CHECK(has(strike("remapping", {}).output, "mremap 0 \nxxxxxxxx\n"));
  std::set<std::string> places;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    auto moved = strike("remapping", {"disk.read_fail=1,max=1"}, seed).output;
    const auto lost = moved.find('!');
    places.insert(moved);
    if (lost == std::string::npos) {  // the last page: then it cannot grow
      CHECK(has(moved, "mremap -1 ENOMEM"));
      continue;
    }
    moved[lost] = 'x';
    CHECK(has(moved, "mremap 0 \nSIGBUS BUS_ADRERR\nxxxxxxxx\n"));
  }
  CHECK(places.size() > 1);
}

TEST_CASE("opportunities are counted alike, whatever else the plan has") {
  const auto counted = [](const std::vector<std::string>& more) {
    const std::string report = "/tmp/detsim-faults-count." + std::to_string(getpid());
    std::vector<std::string> rules = {"disk.write_fail,after=1000000"};
    rules.insert(rules.end(), more.begin(), more.end());
    strike("file", rules, 1, {"--report-json", report});
    std::ifstream file(report);
    const auto all = nlohmann::json::parse(file);
    unlink(report.c_str());
    for (const auto& rule : all["faults"]["rules"]) {
      if (rule["fault"] == "disk.write_fail") return rule["opportunities"].get<int>();
    }
    return -1;
  };
  CHECK(counted({}) == 2);
  CHECK(counted({"proc.eintr,after=1000000"}) == 2);
  CHECK(counted({"proc.crash,after=1000000", "timer.drift_fast=1"}) == 2);
  CHECK(counted({"disk.corruption,after=1000000", "disk.write_fail,after=1000000,call=write"}) >=
        1);
}

TEST_CASE("calls that pass are counted and decided as those that a plan has to look at closely") {
  const std::string close_look = "proc.crash,at.op=rename,at.path=none,at.timing=after";
  for (const std::string rule :
       {"disk.write_fail=0.01", "disk.write_fail=0.004,after=700,max=3", "disk.write_fail,when=999",
        "disk.write_fail=0.5,when=1000..2000+50", "disk.write_fail,max=2,after=1600",
        "disk.write_fail=0.02,path=**/*", "disk.write_fail=0.02,from=100us,until=300us"}) {
    CAPTURE(rule);
    for (unsigned seed = 1; seed <= 2; ++seed) {
      const auto quick = strike("many", {rule, "disk.slow=0.01,delay=1us"}, seed);
      CHECK(!quick.output.empty());
      const auto slow = strike("many", {rule, "disk.slow=0.01,delay=1us", close_look}, seed);
      CHECK(quick.output == slow.output);
    }
  }
}

TEST_CASE("disk.full: single operations, for a while, for good, and statvfs agrees") {
  const auto budget = strike("space", {"disk.full,budget=8192,error=ENOSPC"}).output;
  CHECK(budget == "write 4096 \nwrite 4096 \nwrite -1 ENOSPC\nwrite -1 ENOSPC\nfree 0 \n");
  const auto once = strike("space", {"disk.full,when=2,error=ENOSPC"}).output;
  CHECK(once == "write 4096 \nwrite -1 ENOSPC\nwrite 4096 \nwrite 4096 \nfree 1 \n");
  const auto long_time = strike("space", {"disk.full,when=4,duration=10s,error=EDQUOT"}).output;
  CHECK(has(long_time, "write -1 EDQUOT\nfree 0"));
}

TEST_CASE("sequences: what works and what fails") {
  const auto result = strike("space", {"disk.write_fail,sequence=wxxw,error=EIO"}).output;
  CHECK(result == "write 4096 \nwrite -1 EIO\nwrite -1 EIO\nwrite 4096 \nfree 1 \n");
  const auto from_there = strike("space", {"disk.write_fail,sequence=wX,error=EIO"}).output;
  CHECK(has(from_there, "write 4096 \nwrite -1 EIO\nwrite -1 EIO\nwrite -1 EIO\n"));
}

TEST_CASE("clocks: jumps, drift, timers that are told, skipped, doubled") {
  const auto plain = strike("times", {}).output;
  CHECK(plain == "wall 100 \nmonotonic 100 \n");
  const auto back =
      strike("times", {"timer.jump_backward,call=clock_nanosleep,max=1,distance=60s"});
  CHECK(back.output == "wall 40 \nmonotonic 100 \n");
  const auto forward =
      strike("times", {"timer.jump_forward,call=clock_nanosleep,max=1,distance=1h"});
  CHECK(forward.output == "wall 3700 \nmonotonic 100 \n");
  const auto fast = strike("times", {"timer.drift_fast=1"});
  CHECK(fast.output == "wall 100 \nmonotonic 100 \n");
  CHECK(fast.says("1 fault struck"));
  const auto told = strike("timer", {"timer.jump_forward,call=read,max=1,distance=5s"});
  CHECK(told.output == "read -1 ECANCELED\ncount 0 \n");
  CHECK(strike("timer", {"timer.duplicate=1"}).output == "read 8 \ncount 2 \n");
}

TEST_CASE("processes: threads, children, memory, interruptions, ends") {
  CHECK(has(strike("threads", {"proc.thread_create_fail=1"}).output, "thread -1"));
  CHECK(has(strike("threads", {"proc.spawn_fail=1"}).output, "fork -1"));
  CHECK(has(strike("threads", {"proc.oom=1,call=mmap"}).output, "mmap -1 ENOMEM"));
  CHECK(has(strike("threads", {"proc.eintr=1,call=clock_nanosleep"}).output, "nap -1 EINTR"));
  const auto killed = strike("file", {"proc.crash,at.op=sync"});
  CHECK(killed.code() == 128 + SIGKILL);
  CHECK(strike("threads", {"proc.pause,max=1,call=clock_nanosleep"}).code() == 0);
  CHECK(strike("threads", {"proc.cpu_starvation,max=3", "proc.slow=0.5"}).code() == 0);
}

TEST_CASE("the network: connections and datagrams") {
  CHECK(has(strike("network", {"net.connect_refused=1"}).output, "connect -1 ECONNREFUSED"));
  CHECK(has(strike("network", {"net.connect_timeout=1"}).output, "connect -1 ETIMEDOUT"));
  CHECK(has(strike("network", {"net.accept_fail=1,error=ECONNABORTED"}).output, "accept -1"));
  CHECK(has(strike("network", {"net.connection_reset=1"}).output, "send -1 ECONNRESET"));
  CHECK_FALSE(has(strike("network", {"net.partial_write=1"}).output, "send 13"));
  CHECK_FALSE(has(strike("network", {"net.short_read=1"}).output, "receive 13"));
  const auto sent = std::string("send 3 \nsend 3 \nsend 5 \n");
  for (const char* what : {"datagrams", "messages", "at_once"}) {  // send, sendmsg, sendmmsg
    CAPTURE(what);
    CHECK(strike(what, {"net.packet_drop,when=2"}).output == sent + "one\nthree\n");
    CHECK(strike(what, {"net.duplicate,when=2"}).output == sent + "one\ntwo\ntwo\nthree\n");
    CHECK(strike(what, {"net.reorder,when=1"}).output == sent + "two\none\nthree\n");
    const auto spoilt = strike(what, {"net.packet_corrupt,when=1"}).output;
    CHECK(spoilt.size() == sent.size() + 14);
    CHECK(spoilt.substr(0, sent.size()) == sent);
    CHECK(spoilt.substr(sent.size()) != "one\ntwo\nthree\n");
  }
}

TEST_CASE("a listing lacks an entry") {
  const auto whole = strike("list", {}).output;
  CHECK(strike("list", {"disk.list_incomplete,max=1,path=**/init.d"}).output != whole);
}

TEST_CASE("sites and properties of the program") {
  CHECK(has(strike("app", {}).output, "fired 0"));
  CHECK(has(strike("app", {"app.site=1"}).output, "fired 100"));
  CHECK(has(strike("app", {"app.other=1"}).output, "fired 0"));
  unsigned active = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    active += !has(strike("app", {"app.buggify"}, seed).output, "fired 0");
  }
  CHECK(active > 2);  // a quarter of 40, give or take three standard deviations
  CHECK(active < 19);
  const auto broken = strike("broken", {});
  CHECK(broken.code() == 122);
  CHECK(broken.says("property failed: arithmetic (of sums), at "));
  CHECK(broken.output == "before\n");
}

TEST_CASE("the same seed strikes the same, and the list of strikes has them all") {
  const std::string log = "/tmp/detsim-faults-test." + std::to_string(getpid());
  const auto strikes_of = [&](unsigned seed) {
    strike("file", {}, seed, {"--faults", "chaos", "--fault", "disk.slow=0.5", "--fault-log", log});
    std::ifstream file(log);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const auto first = strikes_of(3);
  CHECK(first == strikes_of(3));
  CHECK(first != strikes_of(4));
  std::istringstream lines(first);
  for (std::string line; std::getline(lines, line);) {
    const auto strike = nlohmann::json::parse(line);
    CHECK(strike.contains("fault"));
    CHECK(strike["time_ns"] > 0);
  }
  unlink(log.c_str());
}
