package standin

import (
	"context"
	"os"
)

// Deaf is the output of a deaf command when it is interrupted.
const Deaf = "deaf to SIGINT"

// hang hangs, if the command should. It reports that, and returns when the command is released, or
// interrupted without being deaf.
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
			err = os.WriteFile(fifo, []byte("hung\n"), 0o600) // this blocks until somebody reads it
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
