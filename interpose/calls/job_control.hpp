// Stopping and continuing processes, and what becomes of process groups that lose their shell.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// The process stops (SIGSTOP and the like) or continues; its parent is told.
void stop_process(Process& process, int signal);
void continue_process(Process& process);

/// Whether nobody is left in the session who could continue the process's group: no member has a
/// parent in another group of the same session (setpgid(2), "orphaned process group").
bool is_orphaned_group(const Process& process);
/// `member` ends, or has just lost its parent, which was of these groups: if its group is orphaned
/// by that and has stopped members, it gets SIGHUP and SIGCONT.
void release_orphaned_group(const Process& member, std::int32_t parent_group,
                            std::int32_t parent_session);

}  // namespace detsim
