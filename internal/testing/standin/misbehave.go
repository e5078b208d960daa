package standin

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// printBinary prints binary data, if the command should.
func (p Process) printBinary(command string) {
	if slices.Contains(strings.Fields(p.getenv("STANDIN_BINARY")), command) {
		rubbish := make([]byte, 1<<16)
		for i := range rubbish {
			rubbish[i] = byte(i * i >> 3)
		}
		p.printf("%s", rubbish)
	}
}

// misbehave is for commands that work on no nodes: it dies or hangs, if the command should.
func (p Process) misbehave(command string) error {
	if err := p.die(command); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := p.hang(ctx, command); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exit{code: 2}
	}
	return nil
}

// die kills this process, if the command should die.
func (p Process) die(command string) error {
	dying, text, ok := strings.Cut(p.getenv("STANDIN_DIE"), " ")
	if !ok || dying != command {
		return nil
	}
	var number syscall.Signal
	if _, err := fmt.Sscan(text, &number); err != nil {
		return fmt.Errorf("STANDIN_DIE: %w", err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	if err := self.Signal(number); err != nil {
		return err
	}
	select {} // until the signal arrives
}
