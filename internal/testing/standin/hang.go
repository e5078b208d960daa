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
	if fifo := p.getenv("STANDIN_HUNG"); fifo != "" {
		// Blocks until somebody reads it.
		if err := os.WriteFile(fifo, []byte("hung\n"), 0o600); err != nil {
			return err
		}
	}
	released := make(chan error, 1)
	if fifo := p.getenv("STANDIN_RELEASE"); fifo != "" {
		go func() {
			_, err := os.ReadFile(fifo)
			released <- err
		}()
	}
	interrupted := ctx.Done()
	if p.getenv("STANDIN_DEAF") != "" {
		go func(heard <-chan struct{}) {
			<-heard
			p.printf("%s", Deaf)
		}(interrupted)
		interrupted = nil
	}
	select {
	case <-interrupted:
		return nil
	case err := <-released:
		return err
	}
}
