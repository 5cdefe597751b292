# The libraries of the command and its tests. As archives where Debian has them, so that the
# command is linked statically: its loading was half of a short run. Sanitizers need the shared ones.
find_package(fmt REQUIRED GLOBAL)
find_package(nlohmann_json REQUIRED GLOBAL)
find_package(CLI11 REQUIRED GLOBAL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET GLOBAL libseccomp)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET GLOBAL libxxhash)
pkg_check_modules(DW REQUIRED IMPORTED_TARGET GLOBAL libdw)

set(DETSIM_STATIC ON)
if("${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
  set(DETSIM_STATIC OFF)
endif()
foreach(name seccomp xxhash dw elf z lzma bz2 yaml-cpp)
  find_library(DETSIM_ARCHIVE_${name} lib${name}.a)
  if(NOT DETSIM_ARCHIVE_${name})
    set(DETSIM_STATIC OFF)
  endif()
endforeach()

add_library(detsim_libraries INTERFACE)
if(DETSIM_STATIC)
  # libfmt has no archive in Debian.
  target_link_libraries(detsim_libraries INTERFACE fmt::fmt-header-only ${DETSIM_ARCHIVE_seccomp}
    ${DETSIM_ARCHIVE_xxhash} ${DETSIM_ARCHIVE_dw} ${DETSIM_ARCHIVE_elf} ${DETSIM_ARCHIVE_z}
    ${DETSIM_ARCHIVE_lzma} ${DETSIM_ARCHIVE_bz2} ${DETSIM_ARCHIVE_yaml-cpp})
else()
  message(STATUS "The command is linked with shared libraries: it starts more slowly")
  target_link_libraries(detsim_libraries INTERFACE fmt::fmt PkgConfig::SECCOMP PkgConfig::XXHASH
    PkgConfig::DW yaml-cpp)
endif()
