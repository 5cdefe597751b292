// The stubs of rewritten sites: small pieces of code within reach (2 GB) of the code they belong
// to. They lie in arenas that are placed where the kernel puts nothing of its own accord - above
// the libraries, below the main program - at addresses that depend on the program only.
#pragma once
#include <cstdint>

#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/rewrite_text.hpp"

namespace detsim {

constexpr unsigned kStubBytes = 64;

/// Machine code being put together for a known address.
class StubCode {
 public:
  explicit StubCode(std::uint64_t address) : address_(address) {}
  void bytes(const unsigned char* from, unsigned count);
  void lea_rcx(std::uint64_t value);  // changes no flag
  void lea_r11(std::uint64_t value);
  void clear_r11();  // changes no flag
  void jump(std::uint64_t target);
  /// To the hall, by the pointer at the head of the stub's page.
  void jump_to_entry();
  std::uint64_t here() const { return address_ + size_; }
  const unsigned char* data() const { return data_; }
  unsigned size() const { return size_; }
  bool is_sound() const { return sound_; }

 private:
  void relative(std::uint64_t target);  // the last four bytes of an instruction
  std::uint64_t address_;
  unsigned char data_[kStubBytes] = {};
  unsigned size_ = 0;
  bool sound_ = true;  // everything fitted and was within reach
};

/// Room for a stub near a site of an object; 0: there is none. It is taken by write_stub().
std::uint64_t find_stub_room(const ElfObject& object, std::uint64_t site);
bool write_stub(const CodeWriter& writer, const StubCode& code, std::uint64_t address);
/// Whether an address is in an arena.
bool in_stub(std::uint64_t address);

}  // namespace detsim
