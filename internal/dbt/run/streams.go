package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// leftOpen is how long the output of a command is waited for after its end, if something that it started holds it open.
const leftOpen = time.Second

// streams are the standard streams of a call as files: what is one is handed on as it is, so that a terminal stays one;
// for any other writer there is a pipe.
type streams struct {
	theirs [3]*os.File // stdin, stdout, stderr of dbt
	opened []*os.File  // of theirs: not the caller's
	pipes  []*os.File  // the reading ends
	copies sync.WaitGroup
	mu     sync.Mutex
	err    error // of writing what was read
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

// oneWriter reports whether two writers are one, so that what is written to them has to stay in order.
func oneWriter(a, b io.Writer) (equal bool) {
	defer func() { _ = recover() }() // types that can't be compared
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
		r.Close() // who goes on writing is told
		if err != nil && !errors.Is(err, os.ErrClosed) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.err = errors.Join(s.err, fmt.Errorf("passing on the output of dbt: %w", err))
		}
	})
	return theirs, nil
}

// handedOn closes what is dbt's now.
func (s *streams) handedOn() {
	for _, f := range s.opened {
		f.Close()
	}
}

// close waits until all output is passed on. The error is that some could not be.
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

// within waits for something to be done, but not for ever.
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
