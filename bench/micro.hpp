// What the benchmarks do: one row each, a number of times. Time is taken from outside, since
// inside of a run it is virtual; what is said here is which door the row went through.
#pragma once
#include <string>

struct Row {
  const char* name;
  void (*run)(long count);
  std::string (*door)();  // after run(); nullptr: none worth naming
};

extern const Row kCallRows[];
extern const Row kThreadRows[];

/// "rewritten site" or "trap": whether the code of a function of the C library was changed since
/// the start of the program. Natively "syscall".
std::string door_of_site(const char* function);
/// "symbol" when the name leads to detsim, else "libc".
std::string door_of_symbol(const char* function);
/// Whether this is a run of detsim.
bool is_detsim();
/// Remembers the code of the functions that door_of_site() is asked for.
void remember_sites();
