// msgget, msgsnd, msgrcv, msgctl: types, lengths, waiting on both sides, removal.
#include <sys/ipc.h>
#include <sys/msg.h>

#include "expect.hpp"

struct Text {
  long type;
  char bytes[8000];
};

static Text text;

static int send(int queue, long type, size_t bytes, int flags = 0) {
  text.type = type;
  memset(text.bytes, 'a' + static_cast<int>(type), bytes);
  return msgsnd(queue, &text, bytes, flags);
}

static long receive(int queue, long type, size_t bytes, int flags = IPC_NOWAIT) {
  return msgrcv(queue, &text, bytes, type, flags);
}

int main() {
  const int queue = msgget(IPC_PRIVATE, 0600);
  EXPECT(queue >= 0);
  EXPECT_ERRNO(receive(queue, 0, 10), ENOMSG);
  EXPECT_ERRNO(send(queue, 0, 1), EINVAL);
  EXPECT_EQ(send(queue, 3, 30), 0);
  EXPECT_EQ(send(queue, 2, 20), 0);
  EXPECT_EQ(send(queue, 4, 4000), 0);
  EXPECT_EQ(send(queue, 2, 0), 0);
  msqid_ds state;
  EXPECT_EQ(msgctl(queue, IPC_STAT, &state), 0);
  EXPECT_EQ(state.msg_qnum, 4);
  EXPECT_EQ(state.msg_lspid, getpid());

  EXPECT_EQ(receive(queue, -3, 100), 20);  // the lowest type
  EXPECT_EQ(text.type, 2);
  EXPECT_EQ(text.bytes[19], 'c');
  EXPECT_EQ(receive(queue, 2, 100), 0);
  EXPECT_EQ(receive(queue, 3, 100, IPC_NOWAIT | MSG_EXCEPT), -1);
  EXPECT_EQ(errno, E2BIG);
  EXPECT_EQ(receive(queue, 3, 100, IPC_NOWAIT | MSG_EXCEPT | MSG_NOERROR), 100);
  EXPECT_EQ(text.type, 4);
  EXPECT_EQ(receive(queue, 0, 100), 30);
  EXPECT_EQ(text.bytes[29], 'd');

  // A receiver waits for its type.
  const pid_t receiver = start_child([&] {
    EXPECT_EQ(receive(queue, 7, 8000, 0), 5000);
    EXPECT_EQ(text.bytes[4999], 'h');
  });
  sleep_ms(2);
  EXPECT_EQ(send(queue, 6, 10), 0);
  EXPECT_EQ(send(queue, 7, 5000), 0);
  EXPECT_CHILD_OK(receiver);
  EXPECT_EQ(receive(queue, 0, 100), 10);

  // A sender waits for room.
  EXPECT_EQ(send(queue, 1, 8000), 0);
  EXPECT_EQ(send(queue, 1, 8000), 0);
  EXPECT_ERRNO(send(queue, 1, 8000, IPC_NOWAIT), EAGAIN);
  const pid_t sender = start_child([&] { EXPECT_EQ(send(queue, 5, 8000), 0); });
  sleep_ms(2);
  EXPECT_EQ(receive(queue, 0, 8000), 8000);
  EXPECT_CHILD_OK(sender);
  EXPECT_EQ(receive(queue, 5, 8000, 0), 8000);

  const pid_t removed = start_child([&] { EXPECT_ERRNO(receive(queue, 9, 10, 0), EIDRM); });
  sleep_ms(2);
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
  EXPECT_CHILD_OK(removed);
  EXPECT_ERRNO(send(queue, 1, 1), EINVAL);
  return ok();
}
