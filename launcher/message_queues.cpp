#include "launcher/message_queues.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include "scheduler/world.hpp"

namespace detsim {

void remove_message_queues() {
  const QueueNames& list = world().queue_names;
  for (std::uint32_t i = 0; i < list.used && i < kQueueNamesMax; ++i) {
    if (list.names[i][0] != 0) syscall(SYS_mq_unlink, list.names[i]);
  }
}

}  // namespace detsim
