// Operations by chance, for tests of the model.
#pragma once
#include "scheduler/choice.hpp"
#include "small_disk.hpp"

namespace detsim {

/// It may make no sense where it is carried out.
Operation draw_operation(ChoiceStream& draws);
std::string story(const std::vector<Operation>& operations);
/// A character for each 256 bytes.
std::string shown(const Contents& contents);

}  // namespace detsim
