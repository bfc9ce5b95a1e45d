// The programs of src/runtime/sim/scaling_benchmark.cc.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

func tasksOnOneChannel(tasks int) benchmark {
	const sends = 4
	return repeated(tasks*sends, func() {
		channel := make(chan int)
		for task := 0; task < tasks; task++ {
			go func() {
				for i := 0; i < sends; i++ {
					channel <- i
				}
			}()
		}
		for i := 0; i < tasks*sends; i++ {
			sink = <-channel
		}
	})
}

func receive(channel chan int, _ chan struct{}) {
	for range channel {
	}
}

func selectReceive(channel chan int, done chan struct{}) {
	for {
		select {
		case _, open := <-channel:
			if !open {
				return
			}
		case <-done:
			return
		}
	}
}

func waiters(tasks int, wait func(chan int, chan struct{})) benchmark {
	const sends = 20000
	serve := func(clock func() time.Duration) time.Duration {
		channel := make(chan int)
		done := make(chan struct{})
		for i := 0; i < tasks; i++ {
			go wait(channel, done)
		}
		runtime.Gosched() // All of them wait now.
		start := clock()
		for i := 0; i < sends; i++ {
			channel <- i
		}
		elapsed := clock() - start
		close(channel)
		close(done)
		return elapsed
	}
	return benchmark{items: sends, clock: processorTime,
		run: func(runs int, clock func() time.Duration) (total time.Duration) {
			serve(clock)
			for i := 0; i < runs; i++ {
				total += serve(clock)
			}
			return total
		}}
}

func residentBytes() float64 {
	var total, resident float64
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	if _, err := fmt.Sscan(string(statm), &total, &resident); err != nil {
		panic(err)
	}
	return resident * float64(os.Getpagesize())
}

func memoryPerBlockedTask() (string, float64) {
	const tasks = 10000
	channel := make(chan int)
	debug.FreeOSMemory()
	before := residentBytes()
	for i := 0; i < tasks; i++ {
		go func() { channel <- 0 }()
	}
	for range [3]int{} { // Natively a turn of the others may end early: give them several.
		runtime.Gosched()
	}
	after := residentBytes()
	for i := 0; i < tasks; i++ {
		<-channel
	}
	return "bytes/task", (after - before) / tasks
}
