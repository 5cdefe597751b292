// Whole programs: a shell command each, over files that are made here.
#pragma once
#include <string>
#include <vector>

struct Program {
  std::string name;
  std::string needs;                      // a program that must be installed
  std::string command;                    // for sh
  double factor = 1.3;                    // that it may cost under detsim
  std::vector<std::string> options = {};  // of `detsim run`
};

/// The same on a disk that forgets, `directory`/disk.
std::vector<Program> make_disk_programs(const std::string& directory, const std::string& build);
/// Makes the input files in `directory` and says what to run there.
std::vector<Program> make_programs(const std::string& directory);
