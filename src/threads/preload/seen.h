// That a process was there, told at its start: who is killed, or ends by _exit, leaves no report,
// and whoever gathers reports could not tell it from a process that had nothing to say.
#ifndef TASKLEAK_THREADS_PRELOAD_SEEN_H_
#define TASKLEAK_THREADS_PRELOAD_SEEN_H_

namespace taskleak::internal {

// Writes `directory`/taskleak-PID.seen: one line of JSON with the program and its arguments. A
// program that takes another's place by exec begins the file anew.
void WriteSeen(const char* directory);

// Adds how the process ended. Not by the child of a fork, which was never written down.
enum class End {
  kJudged,       // It ended by exit, and was looked at.
  kLeftByExit,   // By _exit, with threads that nobody looked at.
  kAloneByExit,  // By _exit, with no thread but its own: there was nothing to look at.
};
void FinishSeen(const char* directory, int status, End end);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_SEEN_H_
