package proc

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// SignalError is the cause ([context.Cause]) of a context that a signal cancelled. errors.Is
// matches it to [context.Canceled].
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string { return "stopped by " + signalName(e.Signal) }
func (e *SignalError) Unwrap() error { return context.Canceled }

// Code is the exit code of a program that the signal ended: 130 for Ctrl-C.
func (e *SignalError) Code() int { return signalled + int(e.Signal) }

// Signals returns a context that the first SIGINT, SIGTERM or SIGHUP cancels; its cause is a
// [SignalError]. The second signal kills the commands that run with the context ([WithKill]). After
// that, signals have their default effect again, so a third ends this process. stop also restores
// the default, and cancels the context.
//
// From the first signal on, writing to a pipe without a reader returns an error, and no longer ends
// this process. With dot | tee, the same Ctrl-C has ended tee, and dot must still wait for its
// commands.
//
// Call it before the first command starts. A process started with SIGINT ignored ("&" in a script,
// some CI runners) hands that on, and dbt would never react; listening to the signal ends that. An
// ignored SIGHUP stays ignored: that is nohup, and intended.
func Signals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	kill := make(chan struct{})
	stopped := make(chan struct{})

	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 2)
	signal.Notify(received, signals...)

	var listener sync.WaitGroup
	listener.Go(func() {
		defer signal.Stop(received)
		for _, react := range []func(syscall.Signal){
			func(s syscall.Signal) {
				KeepOnBrokenPipe()
				cancel(&SignalError{Signal: s})
			},
			func(syscall.Signal) { close(kill) },
		} {
			select {
			case s := <-received:
				number, _ := s.(syscall.Signal)
				react(number)
			case <-stopped:
				return
			}
		}
	})
	return WithKill(ctx, kill), sync.OnceFunc(func() {
		close(stopped)
		listener.Wait()
		cancel(nil)
	})
}

// KeepOnBrokenPipe makes writing to a pipe without a reader an error, also before a signal. By default it
// ends this process if the pipe is stdout or stderr. stop restores the default.
func KeepOnBrokenPipe() (stop func()) {
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE)
	return func() { signal.Stop(unread) }
}

type killKey struct{}

// WithKill returns a context. Closing kill kills the commands that run with it, and their process
// groups. kill replaces a kill channel that ctx already has.
func WithKill(ctx context.Context, kill <-chan struct{}) context.Context {
	return context.WithValue(ctx, killKey{}, kill)
}

// KillChannel is the channel that [WithKill] gave to ctx. It is nil, which never becomes ready, if
// there is none.
func KillChannel(ctx context.Context) <-chan struct{} {
	kill, _ := ctx.Value(killKey{}).(<-chan struct{})
	return kill
}
