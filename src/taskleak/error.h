// The exceptions that taskleak throws into the code under test.
#ifndef TASKLEAK_ERROR_H_
#define TASKLEAK_ERROR_H_

#include <stdexcept>
#include <string>

namespace taskleak {

// What Go calls a panic: the program broke a rule of the primitives (a send on a closed channel, a
// wait group below zero, an unlock of an unlocked mutex). One that leaves a task ends the run with
// FailureKind::kPanic.
class Panic : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A send on, or a close of, a closed channel.
class ClosedChannelError : public Panic {
 public:
  using Panic::Panic;
};

// The tool itself was used wrongly: an object of one run touched from another run or from a thread
// that the simulator does not know, a nested Explore, a token of another version. Not a property of
// the code under test, so it is no Panic: Explore throws it to its caller, whatever the body made
// of it.
class UsageError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace taskleak

#endif  // TASKLEAK_ERROR_H_
