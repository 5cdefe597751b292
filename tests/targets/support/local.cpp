// A library with thread-local state of its own, for tests that load it late.
static thread_local int counter = 41;
extern "C" int* local_counter() { return &counter; }
