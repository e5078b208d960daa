package saves

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A story has rounds that take a second each, and what happened when, in seconds.
type story struct {
	start  time.Time
	saved  chan []string
	failed chan error
	round  time.Duration

	mu      sync.Mutex
	means   Meaning
	asked   []string // the files that Means was asked about
	blocked string
	err     error // of a round
	said    []string
}

func (s *story) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, fmt.Sprintf("%.1f ", time.Since(s.start).Seconds())+fmt.Sprintf(format, args...))
}

// set changes what the rounds' functions say.
func (s *story) set(means Meaning, blocked string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.means, s.blocked, s.err = means, blocked, err
}

func (s *story) rounds() Rounds {
	return Rounds{
		Saved: s.saved, Failed: s.failed,
		Round: func(ctx context.Context, saved []string) error {
			s.say("begins for %s", strings.Join(saved, ","))
			select {
			case <-time.After(s.round):
				s.say("ends")
			case <-ctx.Done():
				time.Sleep(100 * time.Millisecond) // dbt cancels its queries
				s.say("stopped: %s", context.Cause(ctx))
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.err
		},
		Means: func(_ context.Context, saved []string) Meaning {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked = append(s.asked, saved...)
			return s.means
		},
		Blocked: func() string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.blocked
		},
		Waiting: func(why string) { s.say("waits for %s", why) },
	}
}

// tell runs rounds while events happen, and returns how they ended.
func tell(t *testing.T, events func(s *story, cancel context.CancelCauseFunc), want ...string) (s *story, err error) {
	synctest.Test(t, func(t *testing.T) {
		s = &story{start: time.Now(), saved: make(chan []string), failed: make(chan error), round: time.Second}
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.rounds().Run(ctx) }()
		synctest.Wait()
		events(s, cancel)
		select {
		case err = <-ended:
		case <-time.After(time.Hour):
			cancel(errors.New("test over"))
			err = <-ended
		}
		if diff := cmp.Diff(want, s.said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	return s, err
}

func TestRounds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events func(s *story, cancel context.CancelCauseFunc)
		want   []string
	}{
		{
			"one after another", func(s *story, _ context.CancelCauseFunc) {
				time.Sleep(2 * time.Second)
				s.saved <- []string{"a"}
				time.Sleep(2 * time.Second)
				s.saved <- []string{"b", "c"}
			},
			[]string{"0.0 begins for ", "1.0 ends", "2.0 begins for a", "3.0 ends", "4.0 begins for b,c", "5.0 ends"},
		},
		{
			"the running round has the files", func(s *story, _ context.CancelCauseFunc) {
				s.set(Known, "", nil)
				s.saved <- []string{"a"}
			},
			[]string{"0.0 begins for ", "1.0 ends"},
		},
		{
			"the running round doesn't read them", func(s *story, _ context.CancelCauseFunc) {
				s.set(Later, "", nil)
				s.saved <- []string{"a"}
				time.Sleep(time.Second / 2)
				s.saved <- []string{"b", "a"}
			},
			[]string{"0.0 begins for ", "1.0 ends", "1.0 begins for a,b", "2.0 ends"},
		},
		{
			"the running round reads them", func(s *story, _ context.CancelCauseFunc) {
				s.set(Now, "", nil)
				time.Sleep(2 * time.Second)
				s.saved <- []string{"a"}
				time.Sleep(time.Second / 2)
				s.saved <- []string{"b"}
				synctest.Wait()
				s.saved <- []string{"c"} // while it stops
			},
			[]string{
				"0.0 begins for ", "1.0 ends", "2.0 begins for a", "2.6 stopped: files were saved",
				"2.6 begins for a,b,c", "3.6 ends",
			},
		},
		{
			"git is at work for a moment", func(s *story, _ context.CancelCauseFunc) {
				time.Sleep(2 * time.Second)
				s.set(Known, "a git command", nil)
				s.saved <- []string{"a"}
				time.Sleep(time.Second / 2)
				s.set(Known, "", nil)
			},
			[]string{"0.0 begins for ", "1.0 ends", "2.6 begins for a", "3.6 ends"},
		},
		{
			"a rebase stops twice", func(s *story, _ context.CancelCauseFunc) {
				time.Sleep(2 * time.Second)
				for range 2 {
					s.set(Known, "a rebase", nil)
					s.saved <- []string{"a"}
					time.Sleep(time.Minute)
					s.saved <- []string{"b"}
					time.Sleep(time.Minute - 100*time.Millisecond)
					s.set(Known, "", nil)
					time.Sleep(3*time.Second + 100*time.Millisecond)
				}
			},
			[]string{
				"0.0 begins for ", "1.0 ends", "3.2 waits for a rebase", "122.0 begins for a,b", "123.0 ends",
				"126.2 waits for a rebase", "245.0 begins for a,b", "246.0 ends",
			},
		},
		{
			"git is at work while a round runs", func(s *story, _ context.CancelCauseFunc) {
				s.set(Now, "a rebase", nil)
				s.saved <- []string{"a"} // a step's files say nothing about the round
				time.Sleep(5 * time.Second)
				s.set(Known, "", nil)
			},
			[]string{"0.0 begins for ", "1.0 ends", "2.2 waits for a rebase", "5.2 begins for a", "6.2 ends"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tell(t, tt.events, tt.want...); err == nil || err.Error() != "test over" {
				t.Errorf("it ended: %v", err)
			}
		})
	}
}

// While a rebase is in the way of the first round, nothing is built.
func TestRoundsBeginBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &story{start: time.Now(), blocked: "a merge", round: time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		go func() { time.Sleep(time.Minute - 100*time.Millisecond); s.set(Known, "", nil) }()
		_ = s.rounds().Run(ctx)
		if diff := cmp.Diff([]string{"1.2 waits for a merge", "60.0 begins for ", "61.0 ends"}, s.said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The rounds end when no round runs any more.
func TestRoundsEnd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events func(s *story, cancel context.CancelCauseFunc)
		err    string
		want   []string
	}{
		{"between rounds", func(_ *story, cancel context.CancelCauseFunc) {
			time.Sleep(2 * time.Second)
			cancel(errors.New("Ctrl-C"))
		}, "Ctrl-C", []string{"0.0 begins for ", "1.0 ends"}},
		{"in a round", func(_ *story, cancel context.CancelCauseFunc) {
			time.Sleep(time.Second / 2)
			cancel(errors.New("Ctrl-C"))
		}, "Ctrl-C", []string{"0.0 begins for ", "0.6 stopped: Ctrl-C"}},
		{"while a round stops", func(s *story, cancel context.CancelCauseFunc) {
			s.set(Now, "", nil)
			s.saved <- []string{"a"}
			synctest.Wait()
			cancel(errors.New("Ctrl-C"))
		}, "Ctrl-C", []string{"0.0 begins for ", "0.1 stopped: files were saved"}},
		{"blocked", func(s *story, cancel context.CancelCauseFunc) {
			time.Sleep(2 * time.Second)
			s.set(Known, "a merge", nil)
			s.saved <- []string{"a"}
			time.Sleep(time.Second / 2)
			cancel(errors.New("Ctrl-C"))
		}, "Ctrl-C", []string{"0.0 begins for ", "1.0 ends"}},
		{"the watcher fails", func(s *story, _ context.CancelCauseFunc) {
			s.failed <- errors.New("no more watches")
		}, "no more watches", []string{"0.0 begins for ", "0.1 stopped: no more watches"}},
		{"a round fails for good", func(s *story, _ context.CancelCauseFunc) {
			s.set(Known, "", errors.New("no such environment"))
		}, "no such environment", []string{"0.0 begins for ", "1.0 ends"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tell(t, tt.events, tt.want...); err == nil || err.Error() != tt.err {
				t.Errorf("it ended with %v, want %s", err, tt.err)
			}
		})
	}
}

// Only saves that come while a round runs have a meaning for it.
func TestRoundsAskOnlyWhenRunning(t *testing.T) {
	s, _ := tell(t, func(s *story, _ context.CancelCauseFunc) {
		s.saved <- []string{"a"}
		time.Sleep(5 * time.Second)
		s.saved <- []string{"b"}
	}, "0.0 begins for ", "1.0 ends", "5.0 begins for b", "6.0 ends")
	if !slices.Equal(s.asked, []string{"a"}) {
		t.Errorf("it was asked about %v", s.asked)
	}
}
