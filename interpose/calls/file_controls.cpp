#include "interpose/calls/file_controls.hpp"

#include <asm-generic/errno.h>
#include <linux/fs.h>
#include <linux/random.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kFileMap = 0xc020660b;  // FS_IOC_FIEMAP
constexpr int kEntropyBits = 256;               // as /proc/sys/kernel/random/entropy_avail

long random_command(std::uint64_t request, std::uint64_t argument) {
  switch (request) {
    case RNDGETENTCNT:
      return put_user(kEntropyBits, reinterpret_cast<void*>(argument)) ? 0 : -EFAULT;
    case RNDADDTOENTCNT:
    case RNDGETPOOL:
    case RNDADDENTROPY:
    case RNDZAPENTCNT:
    case RNDCLEARPOOL:
    case RNDRESEEDCRNG: return -EPERM;  // the host's pool is none of the run's business
    default: return -EINVAL;
  }
}

}  // namespace

bool file_command(int fd, Descriptor descriptor, std::uint64_t request, std::uint64_t argument,
                  long& result) {
  if (descriptor.kind == DescriptorKind::random) {
    result = random_command(request, argument);
    return true;
  }
  if (descriptor.kind != DescriptorKind::regular && descriptor.kind != DescriptorKind::directory) {
    return false;
  }
  switch (request) {
    case FICLONE:
    case FICLONERANGE:
      result = raw(__NR_ioctl, fd, request, argument);
      if (Inode* file = file_behind(descriptor); result == 0 && file != nullptr) {
        touch_file(*file, kWrittenTimes);
      }
      return true;
    case kFileMap:  // where the blocks lie is the file system's mood
    case FIBMAP:
    case FS_IOC_GETVERSION: result = -EOPNOTSUPP; return true;
    default: return false;
  }
}

}  // namespace detsim
