// Bad input and its answer: one or two lines on standard error, and the exit status.
#include <doctest/doctest.h>
#include <elf.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

struct Directory {
  std::string path = TARGETS "scratch-XXXXXX";
  Directory() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Directory() { fs::remove_all(path); }
  std::string file(const std::string& name) const { return path + "/" + name; }
};

void refuses(const std::vector<std::string>& words, int code, const std::string& says,
             const CommandOptions& options = {}) {
  std::vector<std::string> command = {DETSIM};
  command.insert(command.end(), words.begin(), words.end());
  const auto result = run_command(command, options);
  CAPTURE(result.error);
  CHECK(result.code() == code);
  CHECK(result.says(says));
  CHECK(result.output.empty());
  CHECK(count_lines(result.error) >= 1);
  CHECK(count_lines(result.error) <= 2);
  CHECK(result.error.starts_with("detsim: "));
}

void refuses_program(const std::string& program, int code, const std::string& says) {
  refuses({"run", "--seed", "1", "--", program}, code, says);
}

// A copy of a program with some bytes of its head replaced.
template <typename Change>
std::string changed_copy(const std::string& path, Change change) {
  std::ifstream in("/bin/true", std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  change(bytes);
  std::ofstream(path, std::ios::binary) << bytes;
  chmod(path.c_str(), 0755);
  return path;
}

TEST_CASE("programs that are not there or cannot be executed") {
  Directory directory;
  refuses_program("/no/such/program", 127, "there is no program '/no/such/program'");
  refuses_program("no-such-program", 127, "there is no program 'no-such-program'");
  refuses_program("/etc/passwd", 126, "'/etc/passwd' cannot be executed: Permission denied");
  refuses_program(directory.path, 126, "it is a directory");
  std::ofstream(directory.file("script")) << "#!/no/such/interpreter\n";
  chmod(directory.file("script").c_str(), 0755);
  refuses_program(directory.file("script"), 127, "asks for the interpreter '/no/such/interpreter'");
}

TEST_CASE("programs that cannot be preloaded are named, with what to do") {
  Directory directory;
  refuses_program(TARGETS "static", 125, "is statically linked");
  refuses_program(TARGETS "static", 125, "link it dynamically");
  refuses_program(changed_copy(directory.file("narrow"),
                               [](std::string& bytes) { bytes[EI_CLASS] = ELFCLASS32; }),
                  125, "is a 32-bit program; build it for x86-64");
  refuses_program(changed_copy(directory.file("foreign"),
                               [](std::string& bytes) {
                                 bytes[offsetof(Elf64_Ehdr, e_machine)] =
                                     static_cast<char>(EM_AARCH64);
                               }),
                  125, "is a program for AArch64; build it for x86-64");
  refuses_program(
      changed_copy(directory.file("cut"), [](std::string& bytes) { bytes.resize(100); }), 125,
      "is a damaged ELF file");
  refuses_program("/lib/x86_64-linux-gnu/crt1.o", geteuid() == 0 ? 126 : 126, "cannot be executed");
  if (geteuid() != 0) return;
  const auto user = changed_copy(directory.file("user"), [](std::string&) {});
  REQUIRE(chown(user.c_str(), 65534, 65534) == 0);
  chmod(user.c_str(), 04755);
  refuses_program(user, 125, "is set-user-ID, and such a program cannot be preloaded; run it as");
}

TEST_CASE("options") {
  refuses({"run"}, 125, "there is no program to run");
  refuses({"run", "--sed", "1", "--", "true"}, 125, "did you mean '--seed'?");
  refuses({"run", "--seed", "x", "--", "true"}, 125, "--seed: 'x' is not a number");
  refuses({"run", "--seed=-1", "--", "true"}, 125, "'-1' is not a number");
  refuses({"run", "--seed"}, 125, "--seed needs a value: NUMBER");
  refuses({"run", "--strategy", "randm", "--", "true"}, 125, "did you mean 'random'?");
  refuses({"run", "--strategy", "pct:0", "--", "true"}, 125, "'0' is not a number from 1 to 64");
  refuses({"run", "--strategy", "random:3", "--", "true"}, 125, "takes no number");
  refuses({"run", "--cpus", "0", "--", "true"}, 125, "'0' is not a number from 1 to 128");
  refuses({"run", "--epoch", "yesterday", "--", "true"}, 125, "nor a date");
  refuses({"run", "--timeout", "5x", "--", "true"}, 125, "'5x' is not a duration");
  refuses({"run", "--virtual-timeout", "", "--", "true"}, 125, "is not a duration");
  refuses({"run", "--env", "=3", "--", "true"}, 125, "names no variable");
  refuses({"run", "--quiet=maybe", "--", "true"}, 125, "takes no value");
  refuses({"run", "--trace", "/no/such/x", "--", "true"}, 125, "cannot write the trace /no/such/x");
  refuses({"run", "--report-json", "/no/such/x", "--", "true"}, 125,
          "cannot write the report /no/such/x");
  refuses({"check", "-n", "1", "--", "true"}, 125, "--runs: '1' is not a number from 2");
}

TEST_CASE("verbs") {
  refuses({"rnu", "--", "true"}, 125, "there is no verb 'rnu'; did you mean 'run'?");
  refuses({"--seed", "3"}, 125, "there is no option before the verb '--seed'");
  refuses({"/bin/true"}, 125, "to run a program: detsim run -- /bin/true");
  refuses({"doctor", "extra"}, 125, "'extra' is one word too many");
  refuses({"calls", "opne"}, 1, "there is no call like 'opne'; did you mean 'open'?");
  const auto nothing = run_command({DETSIM});
  CHECK(nothing.code() == 125);
  CHECK(nothing.says("Usage: detsim VERB"));
}

TEST_CASE("variables") {
  refuses({"run", "--", "true"}, 125, "'x' is not a number", {.variables = {"DETSIM_SEED=x"}});
  refuses({"run", "--", "true"}, 125, "DETSIM_SEED", {.variables = {"DETSIM_SEED=x"}});
  const auto near = run_command({DETSIM, "run", "--seed", "1", "--", "true"},
                                {.variables = {"DETSIM_STRATEGI=pct"}});
  CHECK(near.code() == 0);
  CHECK(near.says("there is no variable 'DETSIM_STRATEGI'; did you mean 'STRATEGY'?"));
}

TEST_CASE("files that are not whole traces") {
  Directory directory;
  const auto trace = directory.file("trace");
  REQUIRE(run_command({DETSIM, "run", "--seed", "1", "--trace", trace, "--", "true"}).code() == 0);
  std::ifstream in(trace, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto write = [&](const std::string& text) {
    std::ofstream(trace, std::ios::binary) << text;
    return trace;
  };
  refuses({"report", directory.file("none")}, 125, "No such file or directory");
  refuses({"report", "/etc/passwd"}, 125, "is not a detsim trace");
  refuses({"report", write("")}, 125, "is empty");
  refuses({"report", write(bytes.substr(0, bytes.size() - 10))}, 125, "is truncated");
  auto other = bytes;
  other[8] = 99;
  refuses({"report", write(other)}, 125, "is a trace of format version 99; this detsim reads");
  other = bytes;
  other[bytes.size() - 100] = static_cast<char>(other[bytes.size() - 100] ^ 1);
  refuses({"report", write(other)}, 125, "is damaged");
  refuses({"report"}, 125, "which trace?");
  refuses({"report", "a", "b", "c"}, 125, "two traces at most");
}

TEST_CASE("a detsim inside of a detsim") {
  const auto result =
      run_command({DETSIM, "run", "--seed", "1", "--", DETSIM, "run", "--seed", "1", "--", "true"});
  CHECK(result.code() == 125);
  CHECK(result.says("this is already a run of detsim: it cannot run inside itself"));
  const auto by_shell = run_command({DETSIM, "run", "--", "sh", "-c", DETSIM " run -- true"});
  CHECK(by_shell.code() == 126);
  CHECK(by_shell.says("was not executed: detsim cannot run inside itself"));
}

// As a container's seccomp profile does.
void forbid_user_dispatch() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, 59, 0));
  seccomp_load(filter);
}

TEST_CASE("a container that forbids user dispatch") {
  const CommandOptions forbidden = {.before_exec = forbid_user_dispatch};
  refuses({"run", "--seed", "1", "--", "true"}, 125,
          "offers no syscall user dispatch; see `detsim "
          "doctor`",
          forbidden);
  const auto doctor = run_command({DETSIM, "doctor"}, forbidden);
  CHECK(doctor.code() == 125);
  CHECK(doctor.output.find("user dispatch    missing  forbidden (Operation not permitted): allow "
                           "prctl 59") != std::string::npos);
  CHECK(doctor.output.find("left out: something is missing") != std::string::npos);
}

}  // namespace
}  // namespace detsim
