// A real ext4 on a loop device over an image in memory, whose power can be cut: what the image
// holds at a moment is what the machine would find. Mounts are made in a namespace of the process's
// own, devices are found anew and given back.
#pragma once
#include <string>
#include <vector>

#include "small_disk.hpp"

namespace detsim {

/// What the device holds, byte for byte.
using Image = std::vector<char>;

class LoopExt4 {
 public:
  /// `problem`: why this machine allows no such thing, or "".
  explicit LoopExt4(std::string& problem);
  ~LoopExt4();
  LoopExt4(const LoopExt4&) = delete;
  LoopExt4& operator=(const LoopExt4&) = delete;

  /// A new file system, mounted, with an empty directory that is durable. A problem, or "".
  std::string start();
  void carry_out(const Operation& operation) const;
  /// Some of what is not durable goes to the device, as if by the kernel's own decision: the data
  /// of a file, or, by a sync of a file that the operations do not know, what the journal has.
  void write_back(const std::string& path) const;
  void commit() const;
  /// What the device holds at one moment.
  Image image() const;
  /// What a machine that starts with this image finds. `problem` is set if it cannot be mounted.
  Contents contents_of(const Image& image, std::string& problem) const;

 private:
  std::string mount_image(const std::string& image, const std::string& at,
                          std::string& device) const;
  static void release(const std::string& at, const std::string& device);
  std::string path_of(const std::string& path) const { return base_ + "/live/disk/" + path; }

  std::string base_, device_;
  Image empty_;
};

}  // namespace detsim
