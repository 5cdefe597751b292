// Plans: what is wrong with them is said with its place, before anything runs; `none` is no plan.
#include <fstream>
#include <nlohmann/json.hpp>

#include "support.hpp"

using namespace detsim;

namespace {

struct File {
  std::string path = "/tmp/detsim-plan-test." + std::to_string(getpid()) + ".yaml";
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { unlink(path.c_str()); }
};

std::string complaint_about(const std::string& plan) {
  const File file(plan);
  const auto result = run_command({DETSIM, "faults", "check", file.path});
  CHECK(result.code() == 125);
  const auto name = result.error.find(file.path);
  return name == std::string::npos ? result.error : result.error.substr(name + file.path.size());
}

}  // namespace

TEST_CASE("what is wrong with a plan is said with line, column and the nearest right word") {
  CHECK(complaint_about("preset: modrate\n") ==
        ":1:9: there is no preset 'modrate'; did you mean 'moderate'?\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.wirte_fail}\n") ==
        ":2:13: there is no fault 'disk.wirte_fail'; did you mean 'disk.write_fail'?\n");
  CHECK(complaint_about("rules:\n  - fault: disk.full\n    probabilty: 0.1\n") ==
        ":3:5: a rule of disk.full has no key 'probabilty'; did you mean 'probability'?\n");
  CHECK(complaint_about("rules:\n  - fault: disk.full\n    probability: 1.5\n") ==
        ":3:18: '1.5' is no probability: it is from 0 to 1\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.full, error: EPERM}\n") ==
        ":2:31: disk.full never answers EPERM: ENOSPC, EDQUOT\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.read_fail, op: write}\n") ==
        ":2:33: disk.read_fail cannot strike write: read, map\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.read_fail, call: write}\n") ==
        ":2:35: disk.read_fail cannot strike write: read, map\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.read_fail, kind: stream}\n") ==
        ":2:35: disk.read_fail cannot strike a stream: file\n");
  CHECK(complaint_about("rules:\n  - {fault: timer.skip, path: a}\n") ==
        ":2:31: timer.skip strikes nothing that has a path\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.full, at: {op: write, timing: after}}\n") ==
        ":2:5: disk.full decides how a call ends, so it strikes before it\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.slow, delay: soon}\n").starts_with(":2:31: "));
  CHECK(complaint_about("rules:\n  - {fault: disk.full, sequence: wax}\n").starts_with(":2:34: "));
  CHECK(complaint_about("rules:\n  - {fault: disk.full, when: 9..3}\n").starts_with(":2:30: "));
  CHECK(complaint_about("rules:\n  - {fault: proc.power_loss}\n").starts_with(":2:5: "));
  CHECK(complaint_about("rules:\n  - {fault: proc.power_loss, op: sync, tear: prefx}\n") ==
        ":2:46: 'prefx' is none of profile, 512, 4096, prefix; did you mean 'prefix'?\n");
  CHECK(complaint_about("rules: 3\n") == ":1:8: 'rules' is a list\n");
  CHECK(complaint_about("phases: {quite: 2s}\n") ==
        ":1:10: 'phases' has no key 'quite'; did you mean 'quiet'?\n");
  CHECK(complaint_about("rules: [\n").starts_with(":"));
  CHECK(complaint_about("rules:\n  - {fault: disk.full, max: 1, max: 2}\n") ==
        ":2:32: 'max' is there twice\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.full, from: 5s, window: {from: 1s}}\n") ==
        ":2:43: 'from' is there twice\n");
  CHECK(complaint_about("rules:\n  - {fault: proc.crash, op: write, at: {op: rename}}\n") ==
        ":2:41: 'op' is there twice\n");
  CHECK(complaint_about("rules:\n  - {fault: proc.crash, at: rename}\n") ==
        ":2:29: 'at' takes a map\n");
  CHECK(complaint_about("rules:\n  - {fault: proc.crash, at: {op: rename, timing: during}}\n")
            .starts_with(":2:5: timing `during`"));
  CHECK(complaint_about("rules:\n  - {fault: disk.full, path: **/*.log}\n")
            .ends_with("a pattern that begins with * needs quotes)\n"));
  CHECK(complaint_about("rules:\n  - {fault: disk.full, path: \"a[b\"}\n") ==
        ":2:30: in the pattern 'a[b' a [ is not closed\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.full, path: \"{a,b\"}\n") ==
        ":2:30: in the pattern '{a,b' a brace is not closed\n");
  CHECK(complaint_about("rules:\n  - {fault: disk.full, probability: 0x1}\n") ==
        ":2:37: '0x1' is no probability\n");
  CHECK(complaint_about("disk: {profile: ext4-orderd}\n") ==
        ":1:17: there is no profile 'ext4-orderd'; did you mean 'ext4-ordered'?\n");
  CHECK(complaint_about("phases: {quiet: 60s, liveness_after: 2s}\n") ==
        ":1:9: nothing strikes in these phases\n");
  CHECK(complaint_about("preset: calm\n---\npreset: chaos\n") ==
        ":3:1: a second document is not read\n");
  CHECK(complaint_about("preset: calm\npreset: chaos\n") == ":2:1: 'preset' is there twice\n");
}

TEST_CASE("a plan that is right is read, also with the words of others") {
  const File file(
      "preset: moderate\nmultiplier: 0.5\nrules:\n"
      "  - {fault: StorageWriteFail, path: \"**/*.log\", probability: 2%, after: 10, max: 1}\n"
      "  - {fault: proc.power_loss, at: {op: rename, path: \"**/CURRENT\", timing: after}}\n"
      "  - {fault: app.LlmTimeout, process: {name: 'a*', nth: 2}, window: {from: 1s, until: 2s}}\n"
      "phases: {quiet: 2s, liveness_after: 60s}\ndisk: {paths: [/tmp]}\n");
  const auto result = run_command({DETSIM, "faults", "check", file.path});
  CHECK(result.code() == 0);
  CHECK(has(result.output, "disk.write_fail path=**/*.log"));
  CHECK(has(result.output, "app.LlmTimeout"));
}

TEST_CASE("options are refused in the same words") {
  const auto wrong = run_command({DETSIM, "run", "--fault", "disk.wirte_fail", "--", "true"});
  CHECK(wrong.code() == 125);
  CHECK(wrong.says("there is no fault 'disk.wirte_fail'; did you mean 'disk.write_fail'?"));
  CHECK(run_command({DETSIM, "run", "--faults", "calmm", "--", "true"}).code() == 125);
  CHECK(run_command({DETSIM, "run", "--faults", "/nowhere.yaml", "--", "true"}).code() == 125);
}

TEST_CASE("a rule without a chance is warned about, and fails with --require-faults") {
  const auto warned = strike("file", {"net.accept_fail=1"});
  CHECK(warned.code() == 0);
  CHECK(warned.says("WARNING: net.accept_fail never had a chance to strike"));
  CHECK(strike("file", {"net.accept_fail=1"}, 1, {"--require-faults"}).code() == 125);
  CHECK(strike("file", {"disk.write_fail=0.5"}, 1, {"--require-faults"}).code() == 0);
}

TEST_CASE("none is no plan, byte for byte in the trace") {
  const auto trace_of = [](const std::vector<std::string>& more) {
    const std::string path = "/tmp/detsim-trace-test." + std::to_string(getpid());
    auto options = more;
    options.insert(options.end(), {"--trace", path});
    strike("threads", {}, 7, options);
    std::ifstream file(path);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    unlink(path.c_str());
    return bytes;
  };
  const auto plain = trace_of({});
  CHECK(plain.size() > 1000);
  CHECK(plain == trace_of({"--faults", "none"}));
  // What never strikes leaves the run as it was, too.
  CHECK(plain == trace_of({"--fault", "disk.write_fail=0"}));
  CHECK(plain == trace_of({"--fault", "net.delay=1"}));
}

TEST_CASE("the schema is JSON, and the one that is shipped") {
  const auto schema = run_command({DETSIM, "faults", "schema"}).output;
  CHECK(nlohmann::json::parse(schema).contains("properties"));
  std::ifstream file(DOCS "fault-plan.schema.json");
  CHECK(schema == std::string(std::istreambuf_iterator<char>(file), {}));
}

TEST_CASE("check compares runs under a plan") {
  const auto result = run_command(
      {DETSIM, "check", "--seed", "3", "--faults", "chaos", "--", TARGETS "calls", "threads"});
  CHECK(result.code() == 0);
  CHECK(result.says("3 runs, one execution"));
}

TEST_CASE("a rule of the command line says nothing twice") {
  for (const char* rule : {"disk.full,max=1,max=2", "disk.full=1,probability=0.5",
                           "proc.crash,op=write,at.op=rename"}) {
    const auto result = run_command({DETSIM, "run", "--fault", rule, "--", "true"});
    CHECK(result.code() == 125);
    CHECK(result.says("is there twice"));
  }
}
