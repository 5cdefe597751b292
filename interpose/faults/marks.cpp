#include "interpose/faults/marks.hpp"

#include <asm-generic/errno.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/faults/pieces.hpp"

namespace detsim {
namespace {

struct Mark {
  MarkKind kind = MarkKind::none;
  std::uint8_t flip = 0;
  std::uint32_t file = 0;  // index of its Inode
  std::uint64_t begin = 0, end = 0;
};
constexpr unsigned kMarksMax = 65536;

struct Marks {
  std::uint32_t used = 0;  // places below this one have been used
  Mark each[kMarksMax];
};

Marks& marks() { return *reinterpret_cast<Marks*>(kWorldFileMarks); }

bool has_offset_argument(std::uint64_t number) {
  return number == __NR_pread64 || number == __NR_pwrite64 || number == __NR_preadv ||
         number == __NR_pwritev || number == __NR_preadv2 || number == __NR_pwritev2;
}

template <typename Visit>
void for_each_mark(std::uint32_t file, std::uint64_t begin, std::uint64_t end, Visit visit) {
  for (std::uint32_t i = 0; i < marks().used; ++i) {
    Mark& mark = marks().each[i];
    if (mark.kind != MarkKind::none && mark.file == file && mark.begin < end && begin < mark.end) {
      visit(mark);
    }
  }
}

void flip(const Moment& moment, std::uint64_t place, std::uint8_t by) {
  const UserPieces pieces(moment);
  auto* at = static_cast<std::uint8_t*>(pieces.at(place));
  std::uint8_t byte;
  if (at != nullptr && get_user(byte, at)) put_user(static_cast<std::uint8_t>(byte ^ by), at);
}

// A mark of which a part is written anew keeps the other parts: at most one of them, which is
// enough for sectors and single bytes.
void clear(Mark& mark, std::uint64_t begin, std::uint64_t end) {
  if (begin <= mark.begin && mark.end <= end) {
    mark.kind = MarkKind::none;
  } else if (begin <= mark.begin) {
    mark.begin = end;
  } else {
    mark.end = begin;
  }
}

}  // namespace

bool mark_file(Moment& moment, MarkKind kind, std::uint64_t begin, std::uint64_t end,
               std::uint8_t flip_by) {
  if (moment.file == nullptr) return false;
  auto& all = marks();
  std::uint32_t i = 0;
  while (i < all.used && all.each[i].kind != MarkKind::none) ++i;
  if (i == kMarksMax) return false;
  if (i == all.used) ++all.used;
  all.each[i] = {kind, flip_by, index_of(*moment.file), begin, end};
  return true;
}

bool find_offset(const Moment& moment, std::uint64_t& offset) {
  if (moment.subject != Subject::file || moment.point.extent == Extent::none) return false;
  if (has_offset_argument(moment.frame.number) &&
      static_cast<std::int64_t>(moment.frame.r10) != -1) {
    offset = moment.frame.r10;
    return true;
  }
  if (moment.point.target == Target::fd_out) return false;
  const long now = raw(__NR_lseek, moment.fd, 0, 1 /* SEEK_CUR */);
  if (now < 0) return false;
  const long moved = moment.answered && moment.result > 0 ? moment.result : 0;
  offset = static_cast<std::uint64_t>(now - (moved <= now ? moved : 0));
  return true;
}

void carry_out_over_marks(Moment& moment) {
  std::uint64_t begin = 0;
  const bool matters = marks().used != 0 && moment.file != nullptr && find_offset(moment, begin);
  if (!matters) return moment.carry_out();
  const auto file = index_of(*moment.file);
  const bool reads = (moment.ops & bit_of(Op::read)) != 0;
  if (reads) {
    bool is_unreadable = false;
    for_each_mark(file, begin, begin + bytes_asked(moment),
                  [&](const Mark& mark) { is_unreadable |= mark.kind == MarkKind::unreadable; });
    if (is_unreadable) return moment.fail(EIO);
  }
  moment.carry_out();
  if (moment.result <= 0) return;
  const auto end = begin + static_cast<std::uint64_t>(moment.result);
  for_each_mark(file, begin, end, [&](Mark& mark) {
    if (!reads) return clear(mark, begin, end);
    const auto first = mark.begin > begin ? mark.begin : begin;
    const auto last = mark.end < end ? mark.end : end;
    for (auto at = first; at < last; ++at) flip(moment, at - begin, mark.flip);
  });
}

}  // namespace detsim
