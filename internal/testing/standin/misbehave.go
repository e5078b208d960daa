package standin

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// printBinary prints what is no text, if the command is one that does.
func (p Process) printBinary(command string) {
	if slices.Contains(strings.Fields(p.getenv("STANDIN_BINARY")), command) {
		rubbish := make([]byte, 1<<16)
		for i := range rubbish {
			rubbish[i] = byte(i * i >> 3)
		}
		p.printf("%s", rubbish)
	}
}

// die kills this process, if the command is one that dies.
func (p Process) die(command string) error {
	dying, number, ok := strings.Cut(p.getenv("STANDIN_DIE"), " ")
	if !ok || dying != command {
		return nil
	}
	var signal syscall.Signal
	if _, err := fmt.Sscan(number, &signal); err != nil {
		return fmt.Errorf("STANDIN_DIE: %w", err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	if err := self.Signal(signal); err != nil {
		return err
	}
	select {} // until it comes
}
