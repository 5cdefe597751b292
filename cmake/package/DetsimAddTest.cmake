# detsim_add_test(NAME name COMMAND program [argument...]
#                 [SEEDS 100 | SEEDS 1..500] [FAULTS preset-or-file] [STRATEGY name] [JOBS 1]
#                 [TIMEOUT 30s] [OPTIONS option...] [WORKING_DIRECTORY directory]
#                 [PER_TEST])
#
# A test that explores the program under these seeds and fails when one of them does. Its output
# names the failing seeds and the command that repeats each; what fails is kept in
# detsim-failures/NAME in the build directory. `program` may be a target that exists already.
# TIMEOUT is for each seed; that of the whole test is CTest's own.
function(detsim_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "PER_TEST"
    "NAME;SEEDS;FAULTS;STRATEGY;JOBS;TIMEOUT;WORKING_DIRECTORY" "COMMAND;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "detsim_add_test: what is '${arg_UNPARSED_ARGUMENTS}'?")
  endif()
  foreach(needed NAME COMMAND)
    if(NOT arg_${needed})
      message(FATAL_ERROR "detsim_add_test: ${needed} is missing")
    endif()
  endforeach()

  if(NOT arg_SEEDS)
    set(arg_SEEDS 100)
  endif()
  if(arg_SEEDS MATCHES "^[0-9]+$")
    set(arg_SEEDS "1..${arg_SEEDS}")
  endif()
  if(NOT arg_JOBS)
    set(arg_JOBS 1)
  endif()
  set(options --seeds ${arg_SEEDS} --jobs ${arg_JOBS}
    --dir "${CMAKE_CURRENT_BINARY_DIR}/detsim-failures/${arg_NAME}")
  if(arg_FAULTS)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_FAULTS}")
      set(arg_FAULTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_FAULTS}")
    endif()
    list(APPEND options --faults ${arg_FAULTS})
  endif()
  if(arg_STRATEGY)
    list(APPEND options --strategy ${arg_STRATEGY})
  endif()
  if(arg_TIMEOUT)
    list(APPEND options --timeout ${arg_TIMEOUT})
  endif()
  if(arg_PER_TEST)
    list(APPEND options --per-test)
  endif()

  list(POP_FRONT arg_COMMAND program)
  if(TARGET ${program})
    set(program $<TARGET_FILE:${program}>)
  endif()
  if(NOT arg_WORKING_DIRECTORY)
    set(arg_WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  add_test(NAME ${arg_NAME} WORKING_DIRECTORY "${arg_WORKING_DIRECTORY}"
    COMMAND detsim::detsim explore ${options} ${arg_OPTIONS} -- ${program} ${arg_COMMAND})
  set_tests_properties(${arg_NAME} PROPERTIES PROCESSORS ${arg_JOBS})
endfunction()

# detsim_run_tests(target... [SEED 42]): tests that add_test() makes of these targets run under
# detsim. Call it before add_test().
function(detsim_run_tests)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SEED" "")
  if(NOT DEFINED arg_SEED)
    set(arg_SEED 1)
  endif()
  # Newer versions of CMake have a property for just this, and keep the other for what it says.
  set(property CROSSCOMPILING_EMULATOR)
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.29)
    set(property TEST_LAUNCHER)
  endif()
  set_target_properties(${arg_UNPARSED_ARGUMENTS} PROPERTIES
    ${property} "${DETSIM_EXECUTABLE};run;--seed;${arg_SEED};--")
endfunction()
