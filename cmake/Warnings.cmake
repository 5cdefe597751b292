# Every target of the project is held to the same warnings, as errors.
add_library(detsim_warnings INTERFACE)
target_compile_options(detsim_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wcast-align -Wunused
    -Wformat=2 -Werror>)
