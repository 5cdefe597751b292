// The keys that a rule has: none says twice the same.
#pragma once
#include <set>
#include <string>

namespace detsim {

class SaidKeys {
 public:
  /// What is wrong with one key more, in words; "" when nothing is.
  std::string add(const std::string& key) {
    static const std::set<std::string> kSame = {"at.op",       "at.path",      "at.call",
                                                "window.from", "window.until", "process.nth"};
    const auto word = kSame.contains(key) ? key.substr(key.find('.') + 1) : key;
    return said_.insert(word).second ? "" : "'" + word + "' is there twice";
  }

 private:
  std::set<std::string> said_;
};

}  // namespace detsim
