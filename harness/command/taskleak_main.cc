// taskleak: the command.
#include <iostream>

#include "harness/command/verbs.h"

int main(int argc, char** argv) {
  return taskleak::internal::Main(argc, argv, std::cout, std::cerr);
}
