// The generator: the same programs everywhere, and interesting ones.
#include "src/primitives/model/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "src/primitives/model/model.h"

namespace taskleak::model {
namespace {

constexpr Size kSmall = {.tasks = 3, .ops = 6};
constexpr Size kLarge = {.tasks = kMaxTasks, .ops = 14};

// A golden program: seeds mean the same with every compiler and library.
TEST(Generate, TheSameProgramForTheSameSeedEverywhere) {
  EXPECT_EQ(Text(Generate(3, kLarge)),
            "  channels: a of capacity 0, b of capacity 0\n"
            "  task 0: <-a; <-b;\n"
            "  task 1: try <-a; select{b<-1, <-b}; close(a);\n"
            "  task 2: <-b; <-b; try a<-2; a<-3; select{<-a, a<-4, <-a};\n"
            "  task 3: try b<-5; <-a;\n");
  EXPECT_NE(Text(Generate(4, kLarge)), Text(Generate(3, kLarge)));
}

// Every program keeps to its size; no value is sent twice, so that a value tells its sender.
TEST(Generate, KeepsToItsLimits) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Program program = Generate(seed, kLarge);
    SCOPED_TRACE(Text(program));
    std::size_t ops = 0;
    std::size_t sends = 0;
    std::set<int> values;
    ASSERT_LE(program.tasks.size(), static_cast<std::size_t>(kMaxTasks));
    ASSERT_LE(program.channels.size(), static_cast<std::size_t>(kMaxChannels));
    for (const auto& task : program.tasks) {
      ASSERT_FALSE(task.empty());
      ASSERT_LE(task.size(), static_cast<std::size_t>(kMaxOps));
      ops += task.size();
      for (const Op& op : task) {
        ASSERT_LE(op.cases.size(), static_cast<std::size_t>(kMaxCases));
        for (const Case& c : op.cases) {
          if (!c.send) continue;
          ++sends;
          values.insert(c.value);
        }
      }
    }
    ASSERT_LE(ops, static_cast<std::size_t>(kLarge.ops));
    ASSERT_EQ(values.size(), sends);
    ASSERT_FALSE(values.contains(0));
  }
}

// Of 500 programs, every kind of operation and every kind of panic is there, and a good part each
// can block for ever, can panic, and has more than one outcome.
TEST(Generate, ProgramsAreInteresting) {
  std::set<OpKind> kinds;
  std::set<Fate> fates;
  int block = 0;
  int panic = 0;
  int vary = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Program program = Generate(seed, kSmall);
    for (const auto& task : program.tasks)
      for (const Op& op : task) kinds.insert(op.kind);
    std::set<Fate> of_this;
    const std::set<Outcome> outcomes = AllOutcomes(program, 100'000).value();
    for (const Outcome& outcome : outcomes)
      for (std::size_t t = 0; t < program.tasks.size(); ++t) of_this.insert(outcome[t].fate);
    fates.insert(of_this.begin(), of_this.end());
    block += of_this.contains(Fate::kNotEnded) ? 1 : 0;
    panic += *of_this.rbegin() > Fate::kFinished ? 1 : 0;
    vary += outcomes.size() > 1 ? 1 : 0;
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(kOpKinds));
  EXPECT_EQ(fates.size(), static_cast<std::size_t>(Fate::kOtherPanic));
  EXPECT_GT(block, 250);
  EXPECT_GT(panic, 150);
  EXPECT_GT(vary, 250);
}

}  // namespace
}  // namespace taskleak::model
