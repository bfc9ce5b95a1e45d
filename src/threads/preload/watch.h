// A thread that looks now and then whether the process is stuck for ever, and says who is blocked
// where when its deadline is near.
#ifndef TASKLEAK_THREADS_PRELOAD_WATCH_H_
#define TASKLEAK_THREADS_PRELOAD_WATCH_H_

namespace taskleak::internal {

// Starts it, once; any thread may call this. It ends the process where it finds
// that the first thread waits for ever and can prove it.
void StartWatching();

// The process has called exit with this code.
void NoteExitCode(int status);

// The static destructors have had their turn, and the process is judged otherwise: the watch ends.
void StopWatching();

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_WATCH_H_
