// popen both ways, and a shell pipeline.
#include "io/io.hpp"

static std::string output_of(const char* command) {
  FILE* file = popen(command, "r");
  EXPECT(file != nullptr);
  std::string all;
  char buffer[100];
  while (const size_t bytes = fread(buffer, 1, sizeof buffer, file)) all.append(buffer, bytes);
  EXPECT_EQ(pclose(file), 0);
  return all;
}

int main() {
  EXPECT_EQ(output_of("echo hello"), "hello\n");
  EXPECT_EQ(output_of("seq 20000 | sort -n | tail -1"), "20000\n");
  EXPECT_EQ(output_of("(sleep 0.1; echo b) | cat; echo a"), "b\na\n");
  EXPECT_EQ(output_of("yes | head -3"), "y\ny\ny\n");
  FILE* sink = popen("cat > /dev/null; exit 4", "w");
  for (int i = 0; i < 20000; ++i) fprintf(sink, "line %d\n", i);
  EXPECT_EQ(pclose(sink), 4 << 8);
  return ok();
}
