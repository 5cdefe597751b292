// The same for the bytes of one file, given which changes of names and sizes were kept.
#pragma once
#include <algorithm>

#include "launcher/disk/crash.hpp"

namespace detsim {

FileFate draw_file(const DiskHistory& history, const Crash& crash, const FileHistory& file,
                   ChoiceStream& draws, const TearRules& tear);

}  // namespace detsim
