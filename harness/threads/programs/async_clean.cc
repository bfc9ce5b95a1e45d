// std::async, waited for.
#include <future>

int main() {
  return std::async(std::launch::async, [] { return 0; }).get();
}
