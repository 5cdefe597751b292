// A cache that trusts a short write. write(2) may store less than it was asked to, and says so; the
// cache notes the length that it wanted, and its next entry lands where this one should go on.
//
// The cure (short_write_fixed.cpp): write on until all of it is stored.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct Entry {
  off_t offset;
  std::size_t bytes;
};

class Cache {
 public:
  Cache() : fd_(open("/tmp", O_RDWR | O_TMPFILE, 0600)) {}
  ~Cache() { close(fd_); }
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  bool put(const std::string& value) {
    const off_t offset = lseek(fd_, 0, SEEK_END);
    if (!store(value)) return false;  // told: nobody relies on it
    index_.push_back({offset, value.size()});
    return true;
  }
  std::string get(std::size_t number) const {
    const auto& entry = index_.at(number);
    std::string value(entry.bytes, '?');
    std::size_t done = 0;
    while (done < value.size()) {
      const auto got = pread(fd_, value.data() + done, value.size() - done,
                             entry.offset + static_cast<off_t>(done));
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    return value;
  }

 private:
#ifdef FIXED
  bool store(const std::string& value) {
    std::size_t done = 0;
    while (done < value.size()) {
      const auto stored = write(fd_, value.data() + done, value.size() - done);
      if (stored < 0) return false;
      done += static_cast<std::size_t>(stored);
    }
    return true;
  }
#else
  bool store(const std::string& value) {
    return write(fd_, value.data(), value.size()) > 0;  // the bug: more than 0 is not all
  }
#endif

  int fd_;
  std::vector<Entry> index_;
};

}  // namespace

int main() {
  Cache cache;
  std::vector<std::string> values;
  for (int i = 0; i < 20; ++i) {
    const auto value = "value " + std::to_string(i) + " of the cache";
    if (cache.put(value)) values.push_back(value);
  }
  int wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (cache.get(i) != values[i]) ++wrong;
  }
  std::printf("%d of %zu values are wrong\n", wrong, values.size());
  return wrong == 0 ? 0 : 1;
}
