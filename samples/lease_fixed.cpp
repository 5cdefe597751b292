// samples/lease.cpp without its bug.
#define FIXED
#include "lease.cpp"
