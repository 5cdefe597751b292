#include "draw.hpp"

#include <iterator>

namespace detsim {
namespace {

const std::string& one_of(ChoiceStream& draws, const std::vector<std::string>& texts) {
  return texts[draws.below(texts.size())];
}

}  // namespace

Operation draw_operation(ChoiceStream& draws) {
  static const std::vector<std::string> kFiles = {"a", "b", "d/a", "e/b"},
                                        kDirectories = {"d", "e"}, kSynced = {"", "d", "e"};
  static const std::vector<Step> kSteps = {Step::write,
                                           Step::write,
                                           Step::write,
                                           Step::write,
                                           Step::write,
                                           Step::rename,
                                           Step::truncate,
                                           Step::punch,
                                           Step::rename,
                                           Step::remove,
                                           Step::link,
                                           Step::make_directory,
                                           Step::remove_directory,
                                           Step::sync,
                                           Step::sync_data,
                                           Step::sync_directory,
                                           Step::make_directory,
                                           Step::close,
                                           Step::sync_all,
                                           Step::store,
                                           Step::store,
                                           Step::store,
                                           Step::sync_range,
                                           Step::rename};
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kPlaces[] = {0, 100, 512, 700, 1024, 4096, 5000, 8192};
  Operation o;
  o.step = kSteps[draws.below(kSteps.size())];
  if (o.step == Step::sync_all && draws.below(3) != 0) o.step = Step::write;
  o.letter = static_cast<char>('a' + draws.below(26));
  o.offset = kPlaces[draws.below(std::size(kPlaces))];
  o.bytes = kPlaces[draws.below(std::size(kPlaces))];
  if (o.step == Step::sync_range) {
    o.offset = o.offset / kPage * kPage;
    o.bytes = (o.bytes + kPage - 1) / kPage * kPage;
  }
  const bool of_directories = o.step == Step::make_directory || o.step == Step::remove_directory ||
                              (o.step == Step::rename && draws.below(4) == 0);
  o.path = o.step == Step::sync_directory ? one_of(draws, kSynced)
                                          : one_of(draws, of_directories ? kDirectories : kFiles);
  o.other = one_of(draws, of_directories ? kDirectories : kFiles);
  return o;
}

std::string story(const std::vector<Operation>& operations) {
  std::string text;
  for (const auto& operation : operations) text += text_of(operation) + "\n";
  return text;
}

std::string shown(const Contents& contents) {
  std::string text;
  for (const auto& [path, content] : contents) {
    text += path + ":";
    for (std::size_t i = 0; i < content.size(); i += 256)
      text += content[i] == 0 ? '.' : content[i];
    text += " (" + std::to_string(content.size()) + ")\n";
  }
  return text;
}

}  // namespace detsim
