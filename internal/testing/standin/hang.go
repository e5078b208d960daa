package standin

import (
	"context"
	"os"
)

// Deaf is what a deaf one says when it is interrupted.
const Deaf = "deaf to SIGINT"

// hang says that the command hangs, if it is one that does, and returns when it is
// released, or when it is interrupted and not deaf.
func (p Process) hang(ctx context.Context, command string) error {
	if p.getenv("STANDIN_HANG") != command {
		return nil
	}
	interrupted := ctx.Done()
	if p.getenv("STANDIN_DEAF") != "" {
		go func(heard <-chan struct{}) {
			<-heard
			p.printf("%s", Deaf)
		}(interrupted)
		interrupted = nil
	}
	hung, released := make(chan error, 1), make(chan error, 1)
	go func() {
		var err error
		if fifo := p.getenv("STANDIN_HUNG"); fifo != "" {
			err = os.WriteFile(fifo, []byte("hung\n"), 0o600) // blocks until somebody reads it
		}
		hung <- err
		if fifo := p.getenv("STANDIN_RELEASE"); fifo != "" && err == nil {
			_, err = os.ReadFile(fifo)
			released <- err
		}
	}()
	for {
		select {
		case <-interrupted:
			return nil
		case err := <-hung:
			if err != nil {
				return err
			}
		case err := <-released:
			return err
		}
	}
}
