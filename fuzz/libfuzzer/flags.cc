#include "fuzz/libfuzzer/flags.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace taskleak::internal {

LibFuzzerFlags ParseLibFuzzerFlags(const std::vector<std::string>& arguments) {
  LibFuzzerFlags flags;
  bool merges = false;
  bool minimizes = false;
  std::size_t inputs = 0;
  std::size_t files = 0;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.starts_with("--")) continue;
    if (!argument.starts_with("-")) {
      std::error_code error;
      ++inputs;
      files += std::filesystem::is_regular_file(argument, error) ? 1 : 0;
      continue;
    }
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) continue;  // libFuzzer wants a value for each.
    const std::string name = argument.substr(1, equals - 1);
    const std::string value = argument.substr(equals + 1);
    if (name == "error_exitcode") flags.error_exitcode = std::atoi(value.c_str());
    if (name == "artifact_prefix") flags.artifact_prefix = value;
    if (name == "exact_artifact_path") flags.exact_artifact_path = value;
    if (name == "merge" || name == "merge_inner") merges |= value != "0";
    if (name == "minimize_crash_internal_step") minimizes |= value != "0";
  }
  const bool replays = inputs > 0 && files == inputs;
  flags.shrinks = !merges && !minimizes && !replays;
  flags.writes = minimizes || flags.shrinks;
  return flags;
}

std::string ArtifactPath(const LibFuzzerFlags& flags, std::string_view payload) {
  if (!flags.exact_artifact_path.empty()) return flags.exact_artifact_path;
  return flags.artifact_prefix + "crash-" + Sha1(payload);
}

// FIPS 180-4, "Secure Hash Standard", 6.1.
std::string Sha1(std::string_view bytes) {
  std::string text(bytes);
  text.push_back(static_cast<char>(0x80));
  while (text.size() % 64 != 56) text.push_back(0);
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<char>(bits >> shift));

  std::array<std::uint32_t, 5> hash = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::array<std::uint32_t, 80> w = {};
    for (std::size_t i = 0; i < 64; ++i)
      w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(text[block + i]);
    for (std::size_t t = 16; t < 80; ++t)
      w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    auto [a, b, c, d, e] = hash;
    for (std::size_t t = 0; t < 80; ++t) {
      std::uint32_t f = b ^ c ^ d;
      std::uint32_t k = t < 40 ? 0x6ed9eba1 : 0xca62c1d6;
      if (t < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (t >= 40 && t < 60) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      }
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[t];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d, hash[4] + e};
  }
  std::string out;
  for (const std::uint32_t word : hash) {
    char digits[9];
    std::snprintf(digits, sizeof(digits), "%08x", word);
    out += digits;
  }
  return out;
}

}  // namespace taskleak::internal
