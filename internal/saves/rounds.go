package saves

import (
	"context"
	"errors"
	"time"
)

// A Meaning says what saved files mean for the round that is running.
type Meaning int

// The meanings.
const (
	Known Meaning = iota // it has them as they are
	Later                // it doesn't read them: another round comes after it
	Now                  // it reads them: it is stopped, and another round begins
)

// ErrSaved is the cause of the context of a round that was stopped because a file was saved.
var ErrSaved = errors.New("files were saved")

// Rounds runs something again whenever files are saved.
type Rounds struct {
	Saved  <-chan []string
	Failed <-chan error
	// Round carries out one round, for these saved files: none for the first round. An error ends all.
	Round func(ctx context.Context, saved []string) error
	// Means says what saved files mean for the running round.
	Means func(ctx context.Context, saved []string) Meaning
	// Blocked says why no round may begin now, "" if one may.
	Blocked func() string
	// Waiting is told, once, why no round has begun for a while.
	Waiting func(why string)
}

// patience is how long rounds wait before they say so.
const patience = time.Second

// rounds is the state of Rounds that run.
type rounds struct {
	Rounds
	due   bool     // a round is to begin
	saved []string // files that it is for

	running chan error // has the end of the running round, nil if none runs
	stop    context.CancelCauseFunc
	current []string // what the running round is for

	since  time.Time // since when no round may begin
	waited bool      // Waiting was told
	look   <-chan time.Time
}

// Run runs the first round at once. It returns, when no round runs any more, why it ended: the cause of
// ctx, an error of a round, or what came from Failed.
func (r Rounds) Run(ctx context.Context) error {
	s := rounds{Rounds: r, due: true}
	for {
		if s.due && s.running == nil {
			s.begin(ctx)
		}
		select {
		case <-ctx.Done():
			return s.end(context.Cause(ctx))
		case err := <-s.Failed:
			return s.end(err)
		case saved := <-s.Saved:
			s.take(ctx, saved)
		case err := <-s.running:
			s.running = nil
			s.stop(nil)
			if err != nil {
				return err
			}
		case <-s.look:
		}
	}
}

// begin begins a round, unless it may not begin now.
func (s *rounds) begin(ctx context.Context) {
	if why := s.Blocked(); why != "" {
		switch {
		case s.since.IsZero():
			s.since = time.Now()
		case !s.waited && time.Since(s.since) >= patience:
			s.waited = true
			s.Waiting(why)
		}
		s.look = time.After(Quiet)
		return
	}
	s.since, s.waited, s.look = time.Time{}, false, nil
	s.due, s.current, s.saved = false, s.saved, nil
	saved := s.current
	ctx, s.stop = context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	s.running = ended
	go func() { ended <- s.Round(ctx, saved) }()
}

// take takes files that were saved.
func (s *rounds) take(ctx context.Context, saved []string) {
	if s.running != nil {
		means := Later
		if s.Blocked() == "" { // the files are not those of a step of git's
			means = s.Means(ctx, saved)
		}
		switch means {
		case Known:
			return
		case Now:
			s.stop(ErrSaved)
			s.saved = union(s.saved, s.current)
		}
	}
	s.due, s.saved = true, union(s.saved, saved)
}

// end stops the running round and waits for it.
func (s *rounds) end(cause error) error {
	if s.running != nil {
		s.stop(cause)
		<-s.running
	}
	return cause
}
