// A server that nobody connects to, and nobody ends.
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

#include "harness/threads/programs/await.h"

int main() {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(file, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return 1;
  if (listen(file, 1) != 0) return 1;
  std::thread([file] {
    ++g_about_to_block;
    accept(file, nullptr, nullptr);
  }).detach();
  AwaitBlocked(1, SYS_accept);
}
