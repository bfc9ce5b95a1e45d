// The programs of src/runtime/native/native_benchmark.cc: one operation a run.
package main

import (
	"sync"
	"time"
)

func nativeHandOff(runs int, clock func() time.Duration) time.Duration {
	channel := make(chan int)
	var receiver sync.WaitGroup
	receiver.Add(1)
	go func() {
		total := 0
		for value := range channel {
			total += value
		}
		sink = total
		receiver.Done()
	}()
	start := clock()
	for i := 0; i < runs; i++ {
		channel <- 1
	}
	elapsed := clock() - start
	close(channel)
	receiver.Wait()
	return elapsed
}

func nativePingPong(runs int, clock func() time.Duration) time.Duration {
	ping := make(chan int)
	pong := make(chan int)
	go func() {
		for value := range ping {
			pong <- value
		}
		close(pong)
	}()
	start := clock()
	for i := 0; i < runs; i++ {
		ping <- 1
		sink = <-pong
	}
	elapsed := clock() - start
	close(ping)
	<-pong
	return elapsed
}

func nativeBuffered(runs int, clock func() time.Duration) time.Duration {
	channel := make(chan int, 1)
	start := clock()
	for i := 0; i < runs; i++ {
		channel <- 1
		sink = <-channel
	}
	return clock() - start
}

func nativeMutex(runs int, clock func() time.Duration) time.Duration {
	mutex := new(sync.Mutex)
	start := clock()
	for i := 0; i < runs; i++ {
		mutex.Lock()
		mutex.Unlock() // Nothing is meant to happen between the two.
	}
	return clock() - start
}

func nativeSpawnEnd(runs int, clock func() time.Duration) time.Duration {
	var task sync.WaitGroup
	start := clock()
	for i := 0; i < runs; i++ {
		task.Add(1)
		go func() { task.Done() }()
		task.Wait()
	}
	return clock() - start
}
