// fsync_retry.cpp without its bug.
#define FIXED
#include "fsync_retry.cpp"
