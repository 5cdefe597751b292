// "#!" with an argument, a script as interpreter, execlp's fall back to the shell, fexecve of a
// program and of a script, execveat below a directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <functional>

#include "expect.hpp"

extern char** environ;

static void write_script(const char* name, const char* text) {
  const int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);
  EXPECT(fd >= 0);
  EXPECT_EQ(write(fd, text, strlen(text)), static_cast<ssize_t>(strlen(text)));
  close(fd);
}

static std::string output_of(const std::function<void()>& execute) {
  int channel[2];
  EXPECT_EQ(pipe2(channel, O_CLOEXEC), 0);
  const pid_t pid = start_child([&] {
    dup2(channel[1], 1);
    execute();
    _exit(2);
  });
  EXPECT_CHILD_OK(pid);
  char text[4096] = {};
  EXPECT(read(channel[0], text, sizeof text - 1) > 0);
  close(channel[0]);
  close(channel[1]);
  return text;
}

int main() {
  char place[] = "/tmp/exec_script.XXXXXX";
  EXPECT(mkdtemp(place) != nullptr);
  EXPECT_EQ(chdir(place), 0);
  write_script("plain", "#!/bin/sh\necho \"$0 $*\"\n");
  write_script("argument", "#! /bin/sh -e\nfalse\necho no\n");
  write_script("chain", "#!./plain one\n");
  write_script("bare", "echo bare \"$1\"\n");
  EXPECT_EQ(output_of([] { execl("./plain", "other", "a", "b", nullptr); }), "./plain a b\n");
  EXPECT_EQ(output_of([] { execl("./chain", "other", "a", nullptr); }), "./plain one ./chain a\n");
  EXPECT_EQ(output_of([] { execlp("./bare", "bare", "x", nullptr); }), "bare x\n");
  const pid_t pid = start_child([] { execl("./argument", "argument", nullptr); });
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 1);

  char* const arguments[] = {const_cast<char*>("echo"), const_cast<char*>("by fd"), nullptr};
  const int program = open("/bin/echo", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(output_of([&] { fexecve(program, arguments, environ); }), "by fd\n");
  const int path = open("/bin/echo", O_PATH | O_CLOEXEC);
  EXPECT_EQ(output_of([&] { fexecve(path, arguments, environ); }), "by fd\n");
  const int directory = open("/bin", O_PATH | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(output_of([&] { syscall(SYS_execveat, directory, "echo", arguments, environ, 0); }),
            "by fd\n");
  EXPECT_EQ(output_of([&] {
              const int script = open("plain", O_RDONLY);
              if (script != 20) dup2(script, 20);
              fexecve(20, arguments, environ);
            }),
            "/dev/fd/20 by fd\n");
  EXPECT_EQ(chdir("/"), 0);
  EXPECT_EQ(system((std::string("rm -r ") + place).c_str()), 0);
  return ok();
}
