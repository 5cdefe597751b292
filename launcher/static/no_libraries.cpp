// The statically linked launcher loads no library. libdw would load that of debuginfod, of which
// nothing is ever asked: its dlopen is this one (--wrap). glibc's would come along with a warning
// of the linker, and what silences that (--no-warnings) silences undefined symbols, too.
extern "C" void* __wrap_dlopen(const char*, int) { return nullptr; }
