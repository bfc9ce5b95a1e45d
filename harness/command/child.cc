#include "harness/command/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>

namespace taskleak::internal {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

volatile sig_atomic_t g_child = 0;
volatile sig_atomic_t g_interrupted = 0;

void Forward(int signal, siginfo_t* info, void*) {
  const int saved = errno;
  g_interrupted = 1;
  // The terminal's go to all of its foreground, our child included.
  if (info->si_code <= 0 && g_child > 0) kill(g_child, signal);
  errno = saved;
}

// Installs the handlers while it lives; without SA_RESTART, for the wait is to see that they ran.
class Forwarding {
 public:
  Forwarding() {
    struct sigaction action = {};
    action.sa_sigaction = Forward;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < std::size(kForwarded); ++i) {
      sigaction(kForwarded[i], nullptr, &before_[i]);
      // Who was told to ignore it (nohup) stays so, and so does the child.
      if (before_[i].sa_handler != SIG_IGN) sigaction(kForwarded[i], &action, nullptr);
    }
  }
  ~Forwarding() {
    g_child = 0;
    for (std::size_t i = 0; i < std::size(kForwarded); ++i)
      sigaction(kForwarded[i], &before_[i], nullptr);
  }
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

 private:
  struct sigaction before_[std::size(kForwarded)] = {};
};

// The third and fourth field of /proc/PID/stat, which follow the name in parentheses; false: there
// is no such process.
bool ReadStat(const std::string& pid, char* state, int* parent) {
  const int file = open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[512] = "";
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  if (size <= 0) return false;
  const char* after = std::strrchr(text, ')');
  return after != nullptr && std::sscanf(after + 1, " %c %d", state, parent) == 2;
}

bool HasChildren(int pid) {
  DIR* const folder = opendir("/proc");
  if (folder == nullptr) return true;  // Who cannot know leaves it alone.
  bool found = false;
  while (const dirent* entry = readdir(folder)) {
    char state = 0;
    int parent = 0;
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    found = ReadStat(entry->d_name, &state, &parent) && parent == pid && state != 'Z';
    if (found) break;
  }
  closedir(folder);
  return found;
}

[[noreturn]] void Become(const std::string& path, const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment, int failure) {
  for (const auto& variable : environment)
    setenv(variable.first.c_str(), variable.second.c_str(), 1);
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  execv(path.c_str(), pointers.data());
  if (errno == ENOEXEC) {  // A script without its first line, which shells run themselves.
    pointers.insert(pointers.begin(), const_cast<char*>("sh"));
    pointers[1] = const_cast<char*>(path.c_str());
    execv("/bin/sh", pointers.data());
  }
  const int error = errno;
  if (write(failure, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

int Wait(int child, std::optional<double> deadline, bool* timed_out) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  int status = 0;
  while (true) {
    const pid_t got = waitpid(child, &status, deadline.has_value() ? WNOHANG : 0);
    if (got == child) return status;
    if (got < 0 && errno != EINTR) return 0;
    if (got != 0) continue;
    const double passed = std::chrono::duration<double>(Clock::now() - start).count();
    if (passed > *deadline && !HasChildren(child)) {
      *timed_out = true;
      kill(child, SIGKILL);
      deadline.reset();
      continue;
    }
    usleep(20'000);  // Also ended by a signal, and by SIGCHLD where that has a handler.
  }
}

}  // namespace

bool Lives(int pid) {
  char state = 0;
  int parent = 0;
  return ReadStat(std::to_string(pid), &state, &parent) && state != 'Z' && state != 'X';
}

ChildOutcome RunChild(const std::string& path, const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment,
                      std::optional<double> deadline) {
  ChildOutcome outcome;
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) {
    outcome.problem = std::strerror(errno);
    return outcome;
  }
  g_interrupted = 0;
  const Forwarding forwarding;
  // A signal that comes before the child is known waits until it is.
  sigset_t forwarded;
  sigset_t before;
  sigemptyset(&forwarded);
  for (const int signal : kForwarded) sigaddset(&forwarded, signal);
  sigprocmask(SIG_BLOCK, &forwarded, &before);
  const pid_t child = fork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    Become(path, arguments, environment, failure[1]);
  }
  const int error = errno;
  g_child = child;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  close(failure[1]);
  if (child < 0) {
    outcome.problem = std::strerror(error);
    close(failure[0]);
    return outcome;
  }
  int refused = 0;
  ssize_t got = 0;
  do {
    got = read(failure[0], &refused, sizeof(refused));
  } while (got < 0 && errno == EINTR);
  close(failure[0]);
  if (got == sizeof(refused)) outcome.problem = std::strerror(refused);
  const int status =
      Wait(child, outcome.problem.empty() ? deadline : std::nullopt, &outcome.timed_out);
  outcome.pid = child;
  outcome.interrupted = g_interrupted != 0;
  outcome.signalled = WIFSIGNALED(status);
  outcome.exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

}  // namespace taskleak::internal
