// The side of the SDKs that the rest of the shim sees.
#pragma once
#include "faultplan/properties.hpp"
#include "scheduler/world.hpp"

namespace detsim {

inline Properties& properties() {
  return *reinterpret_cast<Properties*>(kWorldFaults + kPropertiesOffset);
}

/// The library that the Antithesis SDK looks for; there is one under detsim.
constexpr const char* kSdkLibrary = "/usr/lib/libvoidstar.so";
constexpr unsigned kSdkLibraryBytes = 24;  // with its end
bool is_sdk_library(const char* path);

}  // namespace detsim
