package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// leftOpen is how long to wait for output after the command has ended, if a process that it started
// keeps it open.
const leftOpen = time.Second

// streams are the standard streams of a call as files. dbt gets a file itself, so that a terminal
// stays one. Any other writer gets a pipe.
type streams struct {
	theirs [3]*os.File // stdin, stdout, stderr of dbt
	opened []*os.File  // those of theirs that aren't the caller's
	pipes  []*os.File  // the reading ends
	copies sync.WaitGroup
	mu     sync.Mutex
	err    error // from writing the output
}

func openStreams(call Call) (*streams, error) {
	s := &streams{}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s.theirs[0], s.opened = null, append(s.opened, null)
	if s.theirs[1], err = s.output(call.Stdout); err == nil {
		if oneWriter(call.Stdout, call.Stderr) {
			s.theirs[2] = s.theirs[1]
		} else {
			s.theirs[2], err = s.output(call.Stderr)
		}
	}
	if err != nil {
		s.handedOn()
		return nil, errors.Join(fmt.Errorf("running dbt: %w", err), s.close())
	}
	return s, nil
}

// oneWriter reports whether two writers are the same, so that their output has to stay in order.
func oneWriter(a, b io.Writer) (equal bool) {
	defer func() { _ = recover() }() // types that can't be compared panic
	return a == b
}

func (s *streams) output(w io.Writer) (*os.File, error) {
	switch w := w.(type) {
	case nil:
		return s.theirs[0], nil
	case *os.File:
		return w, nil
	}
	r, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.pipes, s.opened = append(s.pipes, r), append(s.opened, theirs)
	s.copies.Go(func() {
		_, err := io.Copy(w, r)
		r.Close() // so that a process that goes on writing gets an error
		if err != nil && !errors.Is(err, os.ErrClosed) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.err = errors.Join(s.err, fmt.Errorf("passing on the output of dbt: %w", err))
		}
	})
	return theirs, nil
}

// handedOn closes the files that dbt has now.
func (s *streams) handedOn() {
	for _, f := range s.opened {
		f.Close()
	}
}

// close waits until all output is passed on. It returns an error if some could not be.
func (s *streams) close() error {
	done := make(chan struct{})
	go func() {
		s.copies.Wait()
		close(done)
	}()
	if !within(leftOpen, done) {
		for _, r := range s.pipes {
			r.Close()
		}
		<-done
	}
	return s.err
}

// within waits until done is closed, or for the limit.
func within(limit time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
