#include "launcher/scratch.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace detsim {

Scratch::Scratch(std::string& problem) {
  const char* base = std::getenv("TMPDIR");
  path_ = fmt::format("{}/detsim-XXXXXX", base != nullptr && base[0] != 0 ? base : "/tmp");
  if (mkdtemp(path_.data()) != nullptr) return;
  problem = fmt::format("cannot make a directory like {}: {}", path_, std::strerror(errno));
  path_.clear();
}

Scratch::~Scratch() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
}

}  // namespace detsim
