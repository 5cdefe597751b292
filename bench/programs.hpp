// Whole programs: a shell command each, over files that are made here.
#pragma once
#include <string>
#include <vector>

struct Program {
  std::string name;
  std::string needs;    // a program that must be installed
  std::string command;  // for sh
};

/// Makes the input files in `directory` and says what to run there.
std::vector<Program> make_programs(const std::string& directory);
