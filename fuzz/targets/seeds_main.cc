// Runs a fuzz target without libFuzzer: on the files named on the command line and in the folders
// named there, on each line of theirs, on the payload of each line that is a token, and on
// neighbours of all these. Exit code 0: every property held; a property that does not hold aborts.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/chance.h"
#include "fuzz/targets/property.h"
#include "taskleak/error.h"
#include "taskleak/schedule.h"

namespace {

namespace fs = std::filesystem;
using taskleak::internal::Chance;

void AddFile(const fs::path& path, std::vector<std::string>& inputs) {
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  inputs.push_back(whole);
  std::string_view rest(whole);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    inputs.emplace_back(line);
    try {
      inputs.push_back(taskleak::Schedule::FromToken(line).Encode());
    } catch (const taskleak::UsageError&) {
    }
  }
}

std::string Neighbour(std::string input, Chance& dice) {
  do {
    const std::size_t place = dice.Below(input.size() + 1);
    const auto byte = static_cast<char>(dice.Next());
    switch (dice.Below(4)) {
      case 0:
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(place), byte);
        break;
      case 1:
        if (place < input.size()) input.erase(place, 1 + dice.Below(3));
        break;
      case 2:
        if (place < input.size()) input[place] = byte;
        break;
      default:
        if (dice.OneIn(8)) input.resize(place);
        break;
    }
  } while (dice.OneIn(2));
  return input;
}

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> inputs = {""};
  for (int i = 1; i < argc; ++i) {
    std::error_code error;
    if (fs::is_directory(argv[i], error)) {
      for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) AddFile(entry.path(), inputs);
    } else if (fs::is_regular_file(argv[i], error)) {
      AddFile(argv[i], inputs);
    } else {
      std::fprintf(stderr, "%s: there is no file or folder %s\n", argv[0], argv[i]);
      return 2;
    }
  }
  std::sort(inputs.begin(), inputs.end());  // Folders have no order.
  constexpr int kNeighbours = 50;
  Chance dice(1);
  for (const std::string& input : inputs) {
    Run(input);
    for (int i = 0; i < kNeighbours; ++i) Run(Neighbour(input, dice));
  }
  std::printf("%zu inputs and %d neighbours of each\n", inputs.size(), kNeighbours);
  return 0;
}
