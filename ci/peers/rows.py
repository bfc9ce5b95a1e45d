"""The rows of ci/bench's table: which benchmark of ours stands beside which of a peer's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """How a figure is made of a benchmark's result, and which way is better."""

    field: str
    inverse_times: float | None  # The figure is this divided by the field; None: the field itself.
    more_is_better: bool

    def figure(self, result):
        value = float(result[self.field])
        return value if self.inverse_times is None else self.inverse_times / value

    def ratio(self, ours, theirs):
        """Above 1: ours is better, by this factor."""
        return ours / theirs if self.more_is_better else theirs / ours


UNITS = {
    "ns": Unit("items_per_second", 1e9, more_is_better=False),
    "schedules/s": Unit("items_per_second", None, more_is_better=True),
    "bytes": Unit("bytes/task", None, more_is_better=False),
}


@dataclass(frozen=True)
class Peer:
    """A column's worth: `program` is one of compare.py's, `benchmark` its name there."""

    name: str
    program: str
    benchmark: str
    goal: float | None = None  # The least ratio that is wanted.


@dataclass(frozen=True)
class Benchmark:
    name: str
    unit: str
    ours: str
    peers: tuple[Peer, ...]


def go(benchmark, goal=None):
    return Peer("Go", "go", benchmark, goal)


def go_all_cores(benchmark):
    return Peer("Go, all cores", "go-all-cores", benchmark)


def boost(benchmark, goal=None):
    return Peer("Boost.Fiber", "boost-fiber", benchmark, goal)


def ours(name, benchmark, goal=None):
    """A peer that stands in our own program: the same work over std::, or the same at another size."""
    return Peer(name, "ours", benchmark, goal)


# Flat: the cost of an operation at the largest size is at most a quarter above that at the smallest.
FLAT = 0.8


def scaling(name, benchmark, sizes, smallest, suffix="", in_go=True, also=None):
    """One row for each size, beside Go's at that size and ours at the smallest, which is so named."""
    rows = []
    for size in sizes:
        peers = [go(f"{name}_{size}")] if in_go else []
        peers += (also or {}).get(size, ())
        if size != sizes[0]:
            peers.append(ours(f"itself, {smallest}", f"{benchmark}/{sizes[0]}{suffix}", FLAT))
        rows.append(Benchmark(f"{name}_{size}", "ns", f"{benchmark}/{size}{suffix}", tuple(peers)))
    return rows


TASKS = (10, 1_000, 100_000)
WAITERS = (1, 100, 10_000)
TASKS_BENCHMARK = "BM_TasksOnOneChannel"
CONDVAR = "mutex + condition_variable"

BENCHMARKS = [
    Benchmark("ping_pong", "ns", "BM_PingPong",
              (go("ping_pong", 4), boost("BM_PingPong"))),
    Benchmark("buffered_stream", "ns", "BM_BufferedStream",
              (go("buffered_stream"), boost("BM_BufferedStream"))),
    Benchmark("select_ping_pong", "ns", "BM_SelectPingPong", (go("select_ping_pong"),)),
    Benchmark("spawn_end", "ns", "BM_SpawnAndEnd",
              (go("spawn_end", 1), boost("BM_SpawnAndEnd"))),
    Benchmark("mutex_hand_off", "ns", "BM_MutexHandOff",
              (go("mutex_hand_off"), boost("BM_MutexHandOff"))),
    *scaling("tasks", TASKS_BENCHMARK, TASKS, "10 tasks",
             also={1_000: (boost(f"{TASKS_BENCHMARK}/1000"),)}),
    *scaling("random_tasks", "BM_RandomTasksOnOneChannel", TASKS, "10 tasks", in_go=False),
    *scaling("waiters", "BM_Waiters", WAITERS, "1 waiter", "/manual_time"),
    *scaling("select_waiters", "BM_SelectWaiters", WAITERS, "1 waiter", "/manual_time"),
    Benchmark("memory_per_blocked_task", "bytes", "BM_MemoryPerBlockedTask/10000/iterations:1",
              (go("memory"),)),
    Benchmark("pool_schedules", "schedules/s", "BM_PlainPoolRandomSchedules",
              (boost("BM_PlainPoolPreemptedSchedules", 1),
               Peer("Boost.Fiber, no preemption", "boost-fiber", "BM_PlainPoolRandomSchedules"),
               go("plain_pool"))),
    Benchmark("context_pool_schedules", "schedules/s", "BM_ContextPoolRandomSchedules",
              (go("context_pool"),)),
    Benchmark("virtual_time_pool_schedules", "schedules/s", "BM_WorkerPoolRandomSchedules", ()),
    Benchmark("native_hand_off", "ns", "BM_NativeHandOff/real_time",
              (ours(CONDVAR, "BM_MutexQueueHandOff/real_time", 1),
               go("native_hand_off"), go_all_cores("native_hand_off"))),
    Benchmark("native_ping_pong", "ns", "BM_NativePingPong/real_time",
              (ours(CONDVAR, "BM_MutexQueuePingPong/real_time"),
               go("native_ping_pong"), go_all_cores("native_ping_pong"))),
    Benchmark("native_buffered", "ns", "BM_NativeBuffered/real_time",
              (ours(CONDVAR, "BM_MutexQueueBuffered/real_time"),
               go("native_buffered", 0.5), go_all_cores("native_buffered"))),
    Benchmark("native_mutex", "ns", "BM_NativeMutex/real_time",
              (ours("std::mutex", "BM_StdMutex/real_time"),
               go("native_mutex"), go_all_cores("native_mutex"))),
    Benchmark("native_spawn_end", "ns", "BM_NativeSpawnAndEnd/real_time",
              (ours("std::thread", "BM_StdThreadSpawnAndEnd/real_time"),
               go("native_spawn_end"), go_all_cores("native_spawn_end"))),
]
