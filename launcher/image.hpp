// The first image's environment: the user's own, with --env applied, plus what brings the shim in
// and keeps the stack where it is.
#pragma once
#include <string>
#include <vector>

#include "launcher/run.hpp"
#include "launcher/target.hpp"

namespace detsim {

/// This process's environment with the changes applied ("NAME=VALUE" sets, "NAME" unsets) and
/// without DETSIM_*: how an option was given must not make a difference to the target.
std::vector<std::string> target_environment(const std::vector<std::string>& changes);

/// The value of a variable, or `otherwise`.
std::string variable(const std::vector<std::string>& environment, const std::string& name,
                     const std::string& otherwise);

/// What execve is given: `environment` with LD_PRELOAD, DETSIM_WORLD and the padding.
/// `extra_pad`: bytes on the stack that the target never sees.
std::vector<std::string> image_environment(std::vector<std::string> environment,
                                           const Target& target, const std::string& library,
                                           const std::string& world, std::size_t extra_pad);

}  // namespace detsim
