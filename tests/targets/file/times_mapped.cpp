// What is written by other ways than write: mapped memory, copies, allocation.
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("from", "0123456789");
  write_file("to", "");
  auto before = modified_at("to");
  const int from = open("from", O_RDONLY), to = open("to", O_RDWR);
  let_time_pass();
  EXPECT_EQ(copy_file_range(from, nullptr, to, nullptr, 4, 0), 4);
  EXPECT(modified_at("to") > before);
  before = modified_at("to");
  let_time_pass();
  EXPECT_EQ(sendfile(to, from, nullptr, 4), 4);
  EXPECT(modified_at("to") > before);
  before = modified_at("to");
  let_time_pass();
  EXPECT_EQ(ftruncate(to, 4096), 0);
  EXPECT(modified_at("to") > before);
  before = modified_at("to");
  let_time_pass();
  auto* memory = static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0));
  EXPECT(memory != MAP_FAILED);
  memory[0] = 'x';
  EXPECT_EQ(msync(memory, 4096, MS_SYNC), 0);
  EXPECT(modified_at("to") > before);
  EXPECT_EQ(munmap(memory, 4096), 0);
  before = modified_at("to");
  let_time_pass();
  EXPECT_EQ(posix_fallocate(to, 0, 8192), 0);
  EXPECT(modified_at("to") > before);
  EXPECT_EQ(status_at("to").st_size, 8192);
  close(from);
  close(to);
  return ok();
}
