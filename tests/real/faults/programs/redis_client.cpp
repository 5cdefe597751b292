// A client of the Redis server at /tmp/socket, which waits until there is one: 3 if none comes.
//   `set FIRST LAST`  sets keys one by one; notes in /tmp/acknowledged the last one that was
//   `check`           1 if one of those is not there
//   `call WORD...`    one command: 1 if it is not done
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr const char* kAcknowledged = "/tmp/acknowledged";

int connect_to_server() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/tmp/socket");
  for (int i = 0; i < 300; ++i) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    usleep(10000);
  }
  return -1;
}

// The reply's first line; "" when the server is gone.
std::string call(int fd, const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) return "";
  std::string reply;
  char buffer[512];
  while (reply.size() < 2 || reply.find("\r\n") == reply.npos) {
    const auto got = read(fd, buffer, sizeof buffer);
    if (got <= 0) return "";
    reply.append(buffer, static_cast<std::size_t>(got));
  }
  return reply.substr(0, reply.find("\r\n"));
}

bool is_loading(const std::string& reply) { return reply.rfind("-LOADING", 0) == 0; }

std::string call_when_ready(int fd, const std::vector<std::string>& words) {
  auto reply = call(fd, words);
  for (; is_loading(reply); reply = call(fd, words)) usleep(10000);
  return reply;
}

int set(int fd, int first, int last) {
  for (int i = first; i <= last; ++i) {
    const auto number = std::to_string(i);
    const auto value = std::string(5000, 'x') + number;
    if (call_when_ready(fd, {"SET", "key" + number, value}) != "+OK") break;
    std::FILE* file = std::fopen(kAcknowledged, "w");
    if (file == nullptr || std::fprintf(file, "%d", i) < 0 || std::fclose(file) != 0) return 2;
  }
  return 0;
}

int check(int fd) {
  int acknowledged = 0, missing = 0;
  if (std::FILE* file = std::fopen(kAcknowledged, "r")) {
    if (std::fscanf(file, "%d", &acknowledged) != 1) acknowledged = 0;
    std::fclose(file);
  }
  if (call_when_ready(fd, {"PING"}) != "+PONG") return 3;
  for (int i = 1; i <= acknowledged; ++i) {
    if (call(fd, {"EXISTS", "key" + std::to_string(i)}) != ":1") ++missing;
  }
  std::printf("%d of %d are missing\n", missing, acknowledged);
  return missing == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  const std::string what = words[1];
  const int fd = connect_to_server();
  if (fd < 0) return std::printf("there is no server\n"), 3;
  if (what == "set" && count == 4) return set(fd, std::atoi(words[2]), std::atoi(words[3]));
  if (what == "check") return check(fd);
  const auto reply = call_when_ready(fd, {words + 2, words + count});
  std::printf("%s\n", reply.c_str());
  return reply.empty() || reply[0] == '-' ? 1 : 0;
}
