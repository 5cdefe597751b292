// A directory for what a command needs while it runs; gone with the object.
#pragma once
#include <string>

namespace detsim {

class Scratch {
 public:
  /// Below TMPDIR, or /tmp. path() is empty when it cannot be made, and `problem` says why.
  explicit Scratch(std::string& problem);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace detsim
