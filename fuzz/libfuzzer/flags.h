// Those of libFuzzer's flags that say what is to happen to a failing input.
#ifndef TASKLEAK_FUZZ_LIBFUZZER_FLAGS_H_
#define TASKLEAK_FUZZ_LIBFUZZER_FLAGS_H_

#include <string>
#include <string_view>
#include <vector>

namespace taskleak::internal {

// libFuzzer keeps its flags to itself, and writes a failing input itself only when the process
// crashes. A leak is no crash, and its schedule is shrunk first: so we do as it would.
struct LibFuzzerFlags {
  int error_exitcode = 77;
  std::string artifact_prefix = "./";
  std::string exact_artifact_path;
  bool shrinks = true;  // False where the input itself is what is asked about.
  bool writes = true;   // False under -merge, and when given files are replayed.
};

// All of argv, as libFuzzer gets it: what begins with "--" is not its, and what does not begin with
// "-" is a file or a folder.
LibFuzzerFlags ParseLibFuzzerFlags(const std::vector<std::string>& arguments);

// Where the failing input is to be written.
std::string ArtifactPath(const LibFuzzerFlags& flags, std::string_view payload);

// As libFuzzer names its files: 40 hexadecimal digits.
std::string Sha1(std::string_view bytes);

}  // namespace taskleak::internal

#endif  // TASKLEAK_FUZZ_LIBFUZZER_FLAGS_H_
