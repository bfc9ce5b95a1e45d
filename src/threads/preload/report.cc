#include "src/threads/preload/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cstring>

#include "src/threads/preload/gtest.h"

namespace taskleak::internal {
namespace {

constexpr size_t kFrames = 64;
constexpr size_t kGroups = 256;  // Those beyond are counted, and not shown.

struct Stack {
  uintptr_t pcs[kFrames];
  size_t count;
};

Stack BlockedStack(const Judgement& judgement, size_t i) {
  Stack stack;
  stack.count = judgement.threads().stack(&judgement.look(i), stack.pcs, kFrames);
  return stack;
}

struct Group {
  size_t first;
  size_t count;
  Stack blocked;
};

bool Same(const Judgement& judgement, const Group& group, size_t i, const Stack& blocked) {
  const taskleak_v1_look& one = judgement.look(group.first);
  const taskleak_v1_look& other = judgement.look(i);
  return judgement.verdict(group.first) == judgement.verdict(i) && one.kind == other.kind &&
         one.thread.frame_count == other.thread.frame_count &&
         memcmp(one.thread.frames, other.thread.frames,
                one.thread.frame_count * sizeof(uintptr_t)) == 0 &&
         group.blocked.count == blocked.count &&
         memcmp(group.blocked.pcs, blocked.pcs, blocked.count * sizeof(uintptr_t)) == 0;
}

const char* Basename(const char* path) {
  const char* slash = strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

void Frames(const Maps& maps, const uintptr_t* pcs, size_t count, Out* out) {
  for (size_t i = 0; i < count; ++i) {
    out->Text("    #").Number(i).Byte(' ');
    // Of a return address the call is meant, which ends before it.
    const Mapping* mapping = maps.At(pcs[i] - 1);
    if (mapping != nullptr && mapping->module) {
      out->Text(Basename(mapping->path)).Byte('+').Hexadecimal(pcs[i] - 1 - mapping->base);
    } else {
      out->Hexadecimal(pcs[i]);
    }
    out->Byte('\n');
  }
}

const char* NameOf(const taskleak_v1_look& look) {
  return look.thread.name[0] != '\0' ? look.thread.name : look.proc.comm;
}

void Thread(const Judgement& judgement, const Group& group, int64_t now, Out* out) {
  const taskleak_v1_look& look = judgement.look(group.first);
  const taskleak_v1_threads_interface& threads = judgement.threads();
  out->Text("\nThread ");
  if (look.thread.id != 0) {
    out->Number(look.thread.id);
  } else {
    out->Text("of unknown origin, tid ").Number(static_cast<uint64_t>(look.thread.tid));
  }
  out->Text(" \"").Text(NameOf(look)).Text("\"");
  if (group.count > 1) out->Text(" and ").Number(group.count - 1).Text(" like it");
  out->Text(", ").Text(ToString(judgement.verdict(group.first)));
  out->Text(", blocked in ").Text(threads.wait_name(look.kind));
  if (look.noted != 0) out->Text(" for ").Seconds(now - look.thread.wait.since).Byte('s');
  out->Byte('\n');
  Frames(judgement.maps(), group.blocked.pcs, group.blocked.count, out);
  if (const char* object = threads.wait_object(look.kind);
      object[0] != '\0' && look.kind != taskleak_v1_wait_join) {
    out->Text("    on ").Text(object).Byte(' ').Hexadecimal(look.address);
    size_t others = 0;
    for (size_t i = 0; i < judgement.size(); ++i)
      others += i != group.first && judgement.look(i).kind == look.kind &&
                        judgement.look(i).address == look.address
                    ? 1
                    : 0;
    if (others != 0) out->Text(", as ").Number(others).Text(others == 1 ? " other" : " others");
    out->Byte('\n');
  }
  if (look.owner_tid != 0) {
    out->Text(look.kind == taskleak_v1_wait_join ? "    which waits for " : "    held by ");
    for (size_t i = 0; i < judgement.size(); ++i) {
      const taskleak_v1_look& owner = judgement.look(i);
      if (owner.thread.tid != look.owner_tid || owner.thread.id == 0) continue;
      out->Text("thread ").Number(owner.thread.id).Text(" (tid ");
    }
    out->Number(static_cast<uint64_t>(look.owner_tid)).Text(")\n");
  }
  const char* scope = threads.scope_name(look.thread.scope);
  if (scope[0] != '\0') {
    out->Text("  in ").Text(scope).Byte('\n');
  } else if (TestsAreUnknown()) {
    out->Text(
        "  in no test that is known: the program has no symbols, wrote no lines of tests, "
        "and was not asked for a single one\n");
  }
  if (look.thread.frame_count != 0) {
    out->Text("  started by thread ").Number(look.thread.parent).Text(" at\n");
    Frames(judgement.maps(), look.thread.frames, look.thread.frame_count, out);
  }
}

void JsonFrames(const Maps& maps, const uintptr_t* pcs, size_t count, Out* out) {
  out->Byte('[');
  for (size_t i = 0; i < count; ++i) {
    if (i != 0) out->Byte(',');
    const Mapping* mapping = maps.At(pcs[i] - 1);
    const bool known = mapping != nullptr && mapping->module;
    out->Text("{\"module\":").Quoted(known ? mapping->path : "");
    out->Text(",\"offset\":").Number(known ? pcs[i] - 1 - mapping->base : pcs[i]).Byte('}');
  }
  out->Byte(']');
}

void JsonThread(const Judgement& judgement, size_t i, int64_t now, Out* out) {
  const taskleak_v1_look& look = judgement.look(i);
  const taskleak_v1_threads_interface& threads = judgement.threads();
  const auto flag = [&](const char* name, bool value) {
    out->Byte(',').Quoted(name).Text(value ? ":true" : ":false");
  };
  out->Text("{\"id\":").Number(look.thread.id).Text(",\"parent\":").Number(look.thread.parent);
  out->Text(",\"tid\":").Number(static_cast<uint64_t>(look.thread.tid));
  out->Text(",\"name\":").Quoted(NameOf(look));
  out->Text(",\"scope\":").Quoted(threads.scope_name(look.thread.scope));
  out->Text(",\"verdict\":").Quoted(ToString(judgement.verdict(i)));
  out->Text(",\"operation\":").Quoted(threads.wait_name(look.kind));
  out->Text(",\"object\":").Quoted(threads.wait_object(look.kind));
  flag("timed", look.timed != 0);
  flag("detached", (look.thread.flags & taskleak_v1_thread_detached) != 0);
  flag("ended", (look.thread.flags & taskleak_v1_thread_ended) != 0);
  flag("unknown_origin", (look.thread.flags & taskleak_v1_thread_unknown) != 0);
  out->Text(",\"address\":").Number(look.address);
  out->Text(",\"owner_tid\":").Number(static_cast<uint64_t>(look.owner_tid));
  out->Text(",\"blocked_ms\":");
  const int64_t blocked = look.noted != 0 ? now - look.thread.wait.since : 0;
  out->Number(blocked > 0 ? static_cast<uint64_t>(blocked) / 1'000'000 : 0);
  out->Text(",\"blocked_stack\":");
  const Stack stack = BlockedStack(judgement, i);
  JsonFrames(judgement.maps(), stack.pcs, stack.count, out);
  out->Text(",\"creation_stack\":");
  JsonFrames(judgement.maps(), look.thread.frames, look.thread.frame_count, out);
  out->Byte('}');
}

}  // namespace

void WriteText(const Judgement& judgement, const char* reason, Out* out) {
  auto* groups = static_cast<Group*>(mmap(nullptr, kGroups * sizeof(Group), PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (groups == MAP_FAILED) return;
  size_t count = 0;
  size_t stuck = 0;
  size_t left_out = 0;
  for (size_t i = 0; i < judgement.size(); ++i) {
    if (judgement.verdict(i) == ThreadVerdict::kNone) continue;
    ++stuck;
    const Stack blocked = BlockedStack(judgement, i);
    size_t group = 0;
    while (group < count && !Same(judgement, groups[group], i, blocked)) ++group;
    if (group == kGroups) {
      ++left_out;
    } else if (group == count) {
      groups[count++] = {i, 1, blocked};
    } else {
      ++groups[group].count;
    }
  }
  const int64_t now = taskleak_v1_monotonic();
  const size_t proven = judgement.Count(ThreadVerdict::kProven);
  const size_t suspect = judgement.Count(ThreadVerdict::kSuspect);
  out->Text("==").Number(static_cast<uint64_t>(getpid()));
  out->Text(proven != 0    ? "==ERROR: taskleak: "
            : suspect != 0 ? "==WARNING: taskleak: "
                           : "==NOTE: taskleak: ");
  out->Number(stuck).Text(stuck == 1 ? " thread" : " threads").Text(" never ended (");
  out->Text(reason).Text("; ").Number(proven).Text(" proven, ").Number(suspect);
  out->Text(" suspect, ").Number(judgement.Count(ThreadVerdict::kIdle)).Text(" idle)\n");
  for (size_t i = 0; i < count; ++i) Thread(judgement, groups[i], now, out);
  if (left_out != 0) out->Text("\nand ").Number(left_out).Text(" more\n");
  out->Text("SUMMARY: taskleak: ").Number(stuck);
  out->Text(stuck == 1 ? " thread" : " threads").Text(" blocked in ");
  out->Text(judgement.threads().wait_name(judgement.look(groups[0].first).kind));
  out->Text(count > 1 ? " and elsewhere\n" : "\n");
  munmap(groups, kGroups * sizeof(Group));
}

void WriteJson(const Judgement& judgement, const char* reason, Out* out) {
  const int64_t now = taskleak_v1_monotonic();
  out->Text("{\"schema\":\"taskleak.process\",\"version\":1,\"pid\":");
  out->Number(static_cast<uint64_t>(getpid())).Text(",\"reason\":").Quoted(reason);
  out->Text(",\"threads\":[");
  for (size_t i = 0; i < judgement.size(); ++i) {
    if (i != 0) out->Byte(',');
    JsonThread(judgement, i, now, out);
  }
  out->Text("],\"modules\":[");
  bool first = true;
  const Mapping* before = nullptr;
  for (const Mapping& mapping : judgement.maps()) {
    if (!mapping.module) continue;
    if (before != nullptr && strcmp(before->path, mapping.path) == 0) continue;
    before = &mapping;
    char build_id[64];
    BuildIdOf(judgement.maps(), mapping, build_id, sizeof(build_id));
    if (build_id[0] == '\0') continue;
    if (!first) out->Byte(',');
    first = false;
    out->Text("{\"path\":").Quoted(mapping.path).Text(",\"build_id\":").Quoted(build_id).Byte('}');
  }
  out->Text("]}\n");
}

bool WriteReportFile(const char* directory, const Out& out) {
  char path[1024];
  char unfinished[1024];
  const auto fill = [&](char* out, const char* ending) {
    const int size = snprintf(out, sizeof(path), "%s/taskleak-%d.json%s", directory,
                              static_cast<int>(getpid()), ending);
    return size > 0 && size < static_cast<int>(sizeof(path));
  };
  if (!fill(path, "") || !fill(unfinished, ".part")) return false;
  mkdir(directory, 0777);
  const long file =
      syscall(SYS_openat, AT_FDCWD, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  const bool written = out.WriteTo(static_cast<int>(file));
  syscall(SYS_close, file);
  return written && rename(unfinished, path) == 0;
}

}  // namespace taskleak::internal
