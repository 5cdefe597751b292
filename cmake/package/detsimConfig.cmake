# find_package(detsim): what an installed detsim offers to a CMake project (docs/cmake.md).
#
#   detsim::detsim       the command                DETSIM_EXECUTABLE   its path
#   detsim::sdk          the headers                DETSIM_EMULATOR     runs a program, for
#   detsim_add_test()    a test of many seeds                           CROSSCOMPILING_EMULATOR
get_filename_component(detsim_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(DETSIM_EXECUTABLE "${detsim_prefix}/bin/detsim")
set(DETSIM_EMULATOR "${DETSIM_EXECUTABLE};run;--")

if(NOT TARGET detsim::detsim)
  add_executable(detsim::detsim IMPORTED)
  set_target_properties(detsim::detsim PROPERTIES IMPORTED_LOCATION "${DETSIM_EXECUTABLE}")
  add_library(detsim::sdk INTERFACE IMPORTED)
  set_target_properties(detsim::sdk PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${detsim_prefix}/include")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/DetsimAddTest.cmake")
unset(detsim_prefix)
