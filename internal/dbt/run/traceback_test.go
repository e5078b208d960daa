package run

import (
	"strings"
	"testing"
)

func TestTracebacks(t *testing.T) {
	const frames = "Traceback (most recent call last):\n  File \"dbt\", line 5, in <module>\n    from dbt.cli.main import cli\n\n"
	tests := map[string]struct{ in, want string }{
		"none":                   {"warning: x\n  indented", "warning: x\n  indented"},
		"Ctrl-C":                 {"before\n" + frames + "KeyboardInterrupt\nafter", "before\nafter"},
		"another exception":      {frames + "ImportError: no", frames + "ImportError: no"},
		"another, then Ctrl-C":   {frames + "ImportError: no\n" + frames + "KeyboardInterrupt", frames + "ImportError: no"},
		"one that was not ended": {frames, frames},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			errors := &tracebacks{emit: func(line string) { got = append(got, line) }}
			for line := range strings.SplitSeq(tt.in, "\n") {
				errors.line(line)
			}
			errors.end()
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}
