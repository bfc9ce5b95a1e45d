// The programs of src/runtime/sim/simulator_benchmark.cc.
package main

import (
	"runtime"
	"sync"
)

const many = 1000

// Where results go, so that the compiler cannot leave the work out.
var sink int

func pingPong() {
	ping := make(chan int)
	pong := make(chan int)
	go func() {
		for i := 0; i < many; i++ {
			pong <- <-ping
		}
	}()
	for i := 0; i < many; i++ {
		ping <- i
		sink = <-pong
	}
}

func selectPingPong() {
	ping := make(chan int)
	pong := make(chan int)
	done := make(chan struct{})
	go func() {
		for {
			var value int
			select {
			case value = <-ping:
			case <-done:
				return
			}
			select {
			case pong <- value:
			case <-done:
				return
			}
		}
	}()
	for i := 0; i < many; i++ {
		select {
		case ping <- i:
		case <-done:
		}
		select {
		case sink = <-pong:
		case <-done:
		}
	}
	close(done)
}

func bufferedStream() {
	channel := make(chan int, 64)
	go func() {
		for i := 0; i < many; i++ {
			channel <- i
		}
		close(channel)
	}()
	for value := range channel {
		sink = value
	}
}

func spawnEnd() {
	var tasks sync.WaitGroup
	tasks.Add(many)
	for i := 0; i < many; i++ {
		go func() { tasks.Done() }()
	}
	tasks.Wait()
}

func mutexHandOff() {
	var mutex sync.Mutex
	var other sync.WaitGroup
	work := func() {
		for i := 0; i < many/2; i++ {
			mutex.Lock()
			runtime.Gosched()
			mutex.Unlock()
			runtime.Gosched()
		}
	}
	other.Add(1)
	go func() {
		work()
		other.Done()
	}()
	work()
	other.Wait()
}
