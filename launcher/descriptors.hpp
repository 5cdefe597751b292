// Small things that several files of the launcher do with descriptors.
#pragma once
#include <cstddef>
#include <string>

namespace detsim {

/// A new file in the directory that has no name any more; -1 and errno when there cannot be one.
int nameless_file(const std::string& directory);
/// Everything, over interruptions. False: errno says why not.
bool write_all(int fd, const char* data, std::size_t bytes);
/// All signals, in the calling thread: they are the main thread's.
void block_signals_here();

}  // namespace detsim
