package standin

import (
	"context"
	"os"
)

// Deaf is what a deaf one says when it is interrupted.
const Deaf = "deaf to SIGINT"

// hang says that the command hangs, and returns when it is released, or when it
// is interrupted and not deaf.
func (s *session) hang(ctx context.Context) error {
	if fifo := s.getenv("STANDIN_HUNG"); fifo != "" {
		// Blocks until somebody reads it.
		if err := os.WriteFile(fifo, []byte("hung\n"), 0o600); err != nil {
			return err
		}
	}
	released := make(chan error, 1)
	if fifo := s.getenv("STANDIN_RELEASE"); fifo != "" {
		go func() {
			_, err := os.ReadFile(fifo)
			released <- err
		}()
	}
	interrupted := ctx.Done()
	if s.getenv("STANDIN_DEAF") != "" {
		go func(heard <-chan struct{}) {
			<-heard
			s.printf("%s", Deaf)
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
