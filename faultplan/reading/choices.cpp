#include "faultplan/reading/choices.hpp"

#include <sstream>

namespace detsim {

std::vector<std::string> choices_of(const FaultParameter& parameter) {
  const std::string words = parameter.words, list = words.substr(0, words.find(": "));
  std::vector<std::string> choices;
  if (list.find('|') == list.npos) return choices;
  std::istringstream all(list);
  for (std::string each; std::getline(all, each, '|');) choices.push_back(each);
  return choices;
}

}  // namespace detsim
