// The benchmarks of taskleak as Go programs, to compare with. Measures the one that is named and
// prints one line of JSON, with the same fields as Google Benchmark has in its own.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// A benchmark does its work `runs` times and says how long that took on the given clock; each time
// is as many items. What needs no clock is a figure of its own.
type benchmark struct {
	items  int
	clock  func() time.Duration
	run    func(runs int, clock func() time.Duration) time.Duration
	figure func() (name string, value float64)
}

// The processor time of this process, which other processes do not disturb: for one thread.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

var started = time.Now()

// For several threads.
func wallTime() time.Duration { return time.Since(started) }

// A benchmark of a body that is run again and again. The first time is not timed, as in C++.
func repeated(items int, body func()) benchmark {
	return benchmark{items: items, clock: processorTime,
		run: func(runs int, clock func() time.Duration) time.Duration {
			body()
			start := clock()
			for i := 0; i < runs; i++ {
				body()
			}
			return clock() - start
		}}
}

// Items in a second, over at least that time.
func rate(b benchmark, least time.Duration) float64 {
	for runs := 1; ; {
		runtime.GC()
		elapsed := b.run(runs, b.clock)
		if elapsed >= least {
			return float64(runs) * float64(b.items) / elapsed.Seconds()
		}
		more := 10.0
		if elapsed > least/10 {
			more = 1.4 * float64(least) / float64(elapsed)
		}
		runs = int(float64(runs)*more) + 1
	}
}

func main() {
	least := flag.Duration("min-time", 200*time.Millisecond, "measure for at least this time")
	flag.Parse()
	b, known := benchmarks[flag.Arg(0)]
	if flag.NArg() != 1 || !known {
		fmt.Fprintf(os.Stderr, "usage: %s [-min-time 200ms] BENCHMARK\n", os.Args[0])
		os.Exit(2)
	}
	result := map[string]any{"name": flag.Arg(0), "version": runtime.Version()}
	if b.figure != nil {
		name, value := b.figure()
		result[name] = value
	} else {
		result["items_per_second"] = rate(b, *least)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var benchmarks = map[string]benchmark{
	// src/runtime/sim/simulator_benchmark.cc
	"ping_pong":        repeated(many, pingPong),
	"select_ping_pong": repeated(many, selectPingPong),
	"buffered_stream":  repeated(many, bufferedStream),
	"spawn_end":        repeated(many, spawnEnd),
	"mutex_hand_off":   repeated(many, mutexHandOff),
	// src/runtime/sim/scaling_benchmark.cc
	"tasks_10":             tasksOnOneChannel(10),
	"tasks_1000":           tasksOnOneChannel(1000),
	"tasks_100000":         tasksOnOneChannel(100000),
	"waiters_1":            waiters(1, receive),
	"waiters_100":          waiters(100, receive),
	"waiters_10000":        waiters(10000, receive),
	"select_waiters_1":     waiters(1, selectReceive),
	"select_waiters_100":   waiters(100, selectReceive),
	"select_waiters_10000": waiters(10000, selectReceive),
	"memory":               {figure: memoryPerBlockedTask},
	// fuzz/strategies/random_benchmark.cc
	"plain_pool":   repeated(1, plainPool),
	"context_pool": repeated(1, contextPool),
	// src/runtime/native/native_benchmark.cc
	"native_hand_off":  {items: 1, clock: wallTime, run: nativeHandOff},
	"native_ping_pong": {items: 1, clock: wallTime, run: nativePingPong},
	"native_buffered":  {items: 1, clock: wallTime, run: nativeBuffered},
	"native_mutex":     {items: 1, clock: wallTime, run: nativeMutex},
	"native_spawn_end": {items: 1, clock: wallTime, run: nativeSpawnEnd},
}
