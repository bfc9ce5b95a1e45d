// What is said of a judgement: text for people, JSON for everything else.
#ifndef TASKLEAK_THREADS_PRELOAD_REPORT_H_
#define TASKLEAK_THREADS_PRELOAD_REPORT_H_

#include "src/threads/preload/judge.h"
#include "src/threads/preload/out.h"

namespace taskleak::internal {

// Threads with the same verdict, operation and stacks are one entry. Frames are module+offset:
// names and lines are looked up elsewhere. `reason` ends the sentence "N threads never ended (…".
void WriteText(const Judgement& judgement, const char* reason, Out* out);

// Every thread, stuck or not, with a schema's name and version, and the build ids of the modules.
void WriteJson(const Judgement& judgement, const char* reason, Out* out);

// Writes `out` to `directory`/taskleak-PID.json by renaming a finished file. False: it could not.
bool WriteReportFile(const char* directory, const Out& out);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_REPORT_H_
