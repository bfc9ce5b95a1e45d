#include "fuzz/kept.h"

#include <gtest/gtest.h>

#include <string>

#include "taskleak/error.h"

namespace {

using taskleak::Schedule;
using taskleak::UsageError;
using taskleak::internal::KeptSchedules;
using taskleak::internal::ReadKept;
using taskleak::internal::WriteKept;

KeptSchedules Some() {
  KeptSchedules kept;
  kept.body = "Suite.Name";
  kept.layout = 0xfedcba9876543210;
  kept.schedules = {Schedule(), Schedule({{.task = {1, 2}, .op = 3, .target = {1}}})};
  kept.schedules.back().max_steps = 77;
  kept.shows = {"leak: root.1 \"worker-1\" in its 2nd chan send on channel 3", "deadlock: root"};
  return kept;
}

std::string Refusal(const std::string& text) {
  try {
    ReadKept(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Kept, IsReadAsItWasWritten) {
  EXPECT_EQ(ReadKept(WriteKept(Some())), Some());
  KeptSchedules none;
  none.body = "a/b";
  EXPECT_EQ(ReadKept(WriteKept(none)), none);
}

TEST(Kept, LooksAsTheDocumentationSays) {
  const std::string text = WriteKept(Some());
  EXPECT_EQ(
      text.rfind(
          "taskleak schedules 1\nbody Suite.Name\nlayout fedcba9876543210\nshows leak: root.1 "
          "\"worker-1\" in its 2nd chan send on channel 3\nshows deadlock: root\nt1.",
          0),
      0u)
      << text;
}

TEST(Kept, EndsOfLinesMayBeThoseOfAnotherSystem) {
  std::string text;
  for (const char c : WriteKept(Some()))
    text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(ReadKept(text), Some());
}

// Property: a text with one byte changed, left out or cut off behind it is refused, or means what
// it meant (a carriage return before the end of a line).
TEST(Kept, EveryDamageIsRefused) {
  const std::string text = WriteKept(Some());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', ' ', '1', 'A', '\n', '~'}) {
      if (text[i] == c) continue;
      std::string changed = text;
      changed[i] = c;
      EXPECT_NE(Refusal(changed), "") << "byte " << i << " became " << static_cast<int>(c);
    }
    std::string without = text;
    without.erase(i, 1);
    EXPECT_NE(Refusal(without), "") << "byte " << i << " left out";
    EXPECT_NE(Refusal(text.substr(0, i)), "") << "cut at " << i;
  }
}

TEST(Kept, WhatIsRefusedIsSaidInASentenceWithItsMend) {
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(Refusal(text).find(part), std::string::npos) << Refusal(text);
  };
  const std::string text = WriteKept(Some());
  says("", "is no file of kept schedules");
  says("\x01\x02", "is no file of kept schedules");
  says("taskleak schedules 2\n", "is of version 2, and this build reads version 1");
  says(text + "t1.\n", "something behind its last line");
  says(text.substr(0, text.size() - 4), "cut short");
  std::string other = text;
  other.replace(other.find("Suite"), 5, "Other");
  says(other, "checksum does not agree");
}

}  // namespace
