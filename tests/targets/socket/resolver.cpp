// getaddrinfo, getifaddrs and getnameinfo do without the host's interfaces.
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/ioctl.h>

#include "socket/socket.hpp"

int main() {
  addrinfo hints = {}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_INET;
  EXPECT_EQ(getaddrinfo("localhost", "80", &hints, &found), 0);
  EXPECT(found != nullptr);
  const auto* name = reinterpret_cast<sockaddr_in*>(found->ai_addr);
  EXPECT_EQ(ntohl(name->sin_addr.s_addr), INADDR_LOOPBACK);
  EXPECT_EQ(ntohs(name->sin_port), 80);
  freeaddrinfo(found);
  hints.ai_flags = AI_NUMERICHOST;
  EXPECT_EQ(getaddrinfo("192.0.2.7", nullptr, &hints, &found), 0);
  freeaddrinfo(found);
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) == 0) freeifaddrs(interfaces);

  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request = {};
  strcpy(request.ifr_name, "lo");
  EXPECT_EQ(ioctl(fd, SIOCGIFINDEX, &request), 0);
  EXPECT_EQ(request.ifr_ifindex, 1);
  EXPECT_EQ(ioctl(fd, SIOCGIFFLAGS, &request), 0);
  EXPECT((request.ifr_flags & IFF_LOOPBACK) != 0);
  return ok();
}
