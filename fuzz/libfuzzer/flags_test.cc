#include "fuzz/libfuzzer/flags.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using taskleak::internal::ArtifactPath;
using taskleak::internal::LibFuzzerFlags;
using taskleak::internal::ParseLibFuzzerFlags;
using taskleak::internal::Sha1;

LibFuzzerFlags Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"binary", "--fuzz=Suite.Name", "--"});
  return ParseLibFuzzerFlags(arguments);
}

TEST(LibFuzzerFlags, HaveLibFuzzersDefaults) {
  const LibFuzzerFlags flags = Parse({});
  EXPECT_EQ(flags.error_exitcode, 77);
  EXPECT_EQ(ArtifactPath(flags, "abc"), "./crash-a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_TRUE(flags.shrinks);
  EXPECT_TRUE(flags.writes);
}

TEST(LibFuzzerFlags, SayWhereAFailingInputGoes) {
  EXPECT_EQ(Parse({"-error_exitcode=3"}).error_exitcode, 3);
  EXPECT_EQ(ArtifactPath(Parse({"-artifact_prefix=/tmp/x-"}), ""),
            "/tmp/x-crash-da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(ArtifactPath(Parse({"-artifact_prefix=/tmp/", "-exact_artifact_path=here"}), ""),
            "here");
}

TEST(LibFuzzerFlags, AMergeAndAReplayKeepTheInputAsItIs) {
  for (const char* flag : {"-merge=1", "-merge_inner=1"}) {
    EXPECT_FALSE(Parse({flag}).shrinks) << flag;
    EXPECT_FALSE(Parse({flag}).writes) << flag;
  }
  EXPECT_TRUE(Parse({"-merge=0"}).shrinks);
  const std::string file = std::string(TASKLEAK_SOURCE_DIR) + "/README.md";
  EXPECT_FALSE(Parse({file}).shrinks);
  EXPECT_FALSE(Parse({file}).writes);
  EXPECT_TRUE(Parse({TASKLEAK_SOURCE_DIR}).shrinks) << "a folder is searched from";
}

TEST(LibFuzzerFlags, MinimizingWritesTheInputUnshrunk) {
  const LibFuzzerFlags flags = Parse({"-minimize_crash_internal_step=1", "-exact_artifact_path=x",
                                      std::string(TASKLEAK_SOURCE_DIR) + "/README.md"});
  EXPECT_FALSE(flags.shrinks);
  EXPECT_TRUE(flags.writes);
}

TEST(Sha1, IsThatOfTheStandard) {
  EXPECT_EQ(Sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(Sha1(std::string(1000000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

}  // namespace
