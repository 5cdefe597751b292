// Runs a command as a shell would, and keeps what came of it: for tests of the detsim command.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace detsim {

struct CommandResult {
  int status = 0;  // as wait(2) has it
  std::string output, error;

  /// As a shell says it: 128 + the signal for a death by signal.
  int code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }
  bool says(const std::string& text) const { return error.find(text) != std::string::npos; }
};

struct CommandOptions {
  std::string input = {};
  bool input_ends = true;                     // else only when the command has ended
  std::vector<std::string> variables = {};    // NAME=VALUE
  std::function<void()> before_exec = {};     // in the child
  std::function<void(pid_t)> meanwhile = {};  // once the first byte of output has come
  int seconds_max = 60;
};

inline CommandResult run_command(const std::vector<std::string>& words,
                                 const CommandOptions& options = {}) {
  int in[2], out[2], err[2];
  if (pipe(in) != 0 || pipe(out) != 0 || pipe(err) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    // Also what the test itself was started with (ctest keeps a log open): numbers show in reports.
    close_range(3, ~0u, 0);
    for (const auto& variable : options.variables) putenv(const_cast<char*>(variable.c_str()));
    signal(SIGPIPE, SIG_DFL);
    if (options.before_exec) options.before_exec();
    alarm(static_cast<unsigned>(options.seconds_max));  // survives exec; nobody handles it
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  for (const int fd : {in[0], out[1], err[1]}) close(fd);
  signal(SIGPIPE, SIG_IGN);
  if (write(in[1], options.input.data(), options.input.size()) < 0) {
  }
  if (options.input_ends) close(in[1]);
  CommandResult result;
  pollfd ends[] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  bool told = false;
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends, 2, -1) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char data[4096];
      const auto n = read(ends[i].fd, data, sizeof data);
      if (n <= 0) {
        close(ends[i].fd);
        ends[i].fd = -1;
        continue;
      }
      (i == 0 ? result.output : result.error).append(data, static_cast<std::size_t>(n));
      if (i == 0 && !told && options.meanwhile) options.meanwhile(pid);
      told = told || i == 0;
    }
  }
  while (waitpid(pid, &result.status, 0) < 0) {
  }
  if (!options.input_ends) close(in[1]);
  return result;
}

inline std::size_t count_lines(const std::string& text) {
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  return lines;
}

}  // namespace detsim
