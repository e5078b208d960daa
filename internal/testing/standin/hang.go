package standin

import (
	"context"
	"os"
)

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
		interrupted = nil
	}
	select {
	case <-interrupted:
		return nil
	case err := <-released:
		return err
	}
}
