// log_directory.cpp without its bug.
#define FIXED
#include "log_directory.cpp"
