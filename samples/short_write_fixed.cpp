// samples/short_write.cpp without its bug.
#define FIXED
#include "short_write.cpp"
