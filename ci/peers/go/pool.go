// The worker pools of fuzz/strategies/random_benchmark.cc, each run under whatever schedule Go's
// runtime gives it. Where jobs take 500 ms there is nothing to compare: Go has no virtual time.
package main

import (
	"context"
	"sync"
	"time"
)

const (
	workers = 3
	jobs    = 10
)

func plainPool() {
	todo := make(chan int, jobs)
	results := make(chan int, jobs)
	var pool sync.WaitGroup
	for i := 0; i < workers; i++ {
		pool.Add(1)
		go func() {
			for job := range todo {
				results <- job
			}
			pool.Done()
		}()
	}
	go func() {
		for i := 0; i < jobs; i++ {
			todo <- i
		}
		close(todo)
	}()
	go func() {
		pool.Wait()
		close(results)
	}()
	for result := range results {
		sink = result
	}
}

func contextPool() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	todo := make(chan int, jobs)
	results := make(chan int, jobs)
	var pool sync.WaitGroup
	work := func() {
		defer pool.Done()
		for {
			var job int
			var open bool
			select {
			case job, open = <-todo:
				if !open {
					return
				}
			case <-ctx.Done():
				return
			}
			select {
			case results <- job:
			case <-ctx.Done():
				return
			}
		}
	}
	for i := 0; i < workers; i++ {
		pool.Add(1)
		go work()
	}
	go func() {
		defer close(todo)
		for i := 0; i < jobs; i++ {
			select {
			case todo <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		pool.Wait()
		close(results)
	}()
	for result := range results {
		sink = result
	}
	cancel()
}
