//go:build unix

package cli_test

import (
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// otherName is the name that packages have for dot.
const otherName = "dot-for-dbt"

// TestCompletionInShells types into real shells. A shell that isn't installed
// is left out.
func TestCompletionInShells(t *testing.T) {
	withoutRace(t)
	shells := []struct {
		name  string
		argv  []string
		setup string
	}{
		{"bash", []string{"bash", "--norc", "--noprofile", "-i"}, "source <(dot completion bash)"},
		{"bash without @ among its word breaks", []string{"bash", "--norc", "--noprofile", "-i"}, "COMP_WORDBREAKS=${COMP_WORDBREAKS//[@=]/}; source <(dot completion bash)"},
		{"bash for " + otherName, []string{"bash", "--norc", "--noprofile", "-i"}, otherName + "() { dot \"$@\"; }; source <(dot completion bash --as " + otherName + ")"},
		{"zsh", []string{"zsh", "-f", "-i"}, "autoload -U compinit; compinit -D -u; source <(dot completion zsh)"},
	}
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell.argv[0]); err != nil {
				t.Skip(shell.argv[0] + " is not installed")
			}
			s := newShop(t)
			s.git("branch", "feature/x")
			s.write("models/late.sql", "{{ config(tags=['nightly']) }} select 1 as one")
			s.git("add", "-A")
			s.git("commit", "-qm", "Late")
			s.run("build prod@HEAD")
			exchanges := []exchange{
				{"ready> ", shell.setup + "; PS1='arm''ed> '\n"}, // as typed it is no prompt yet
				{"armed> ", ""},
			}
			for _, tt := range [][2]string{
				{"dot bui", "dot build "},
				{"dot docs ser", "dot docs serve "},
				{"dot build pr", "dot build prod"}, // or prod@
				{"dot build prod@ma", "dot build prod@main "},
				{"dot build @fea", "dot build @feature/x "},
				{"dot build --defer pr", "dot build --defer prod@"},
				{"dot build --defer=prod@ma", "dot build --defer=prod@main "},
				{"dot plan build dev@HEAD --defer prod@ma", "dot plan build dev@HEAD --defer prod@main "},
				{"dot build dev@HEAD -- --store-f", "dot build dev@HEAD -- --store-failures "},
				{"dot build -s +stg", "dot build -s +stg_payments "},
				{"dot build --exclude ta", "dot build --exclude tag:"},
				{"dot build -s tag:ni", "dot build -s tag:nightly "},
				{"dot build -s path:models/la", "dot build -s path:models/late.sql "},
				{"dot build -s 'orders lat", "dot build -s 'orders late"},
				{"dot drop p", "dot drop prod@"},
				{"dot drop prod@me", "dot drop prod@metrics "},
			} {
				typed, want := tt[0], tt[1]
				if strings.Contains(shell.name, otherName) {
					typed, want = strings.Replace(typed, "dot", otherName, 1), strings.Replace(want, "dot", otherName, 1)
				}
				exchanges[len(exchanges)-1].typed += typed + "\t"
				exchanges = append(exchanges, exchange{want, "\x15"}) // Ctrl-U: away with the line
			}
			if unmet, seen := s.converse(shell.argv, exchanges); unmet != "" {
				t.Errorf("want %q on the screen, got %q", unmet, seen)
			}
		})
	}
}

// An exchange waits for a text on the screen, then types another.
type exchange struct{ awaited, typed string }

// controls matches a shell's control sequences for the terminal.
var controls = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\r\a]")

// converse starts a shell in its own terminal. It returns the text that did not
// appear, "" for none, and the screen since the last exchange.
func (s *shop) converse(argv []string, exchanges []exchange) (unmet, seen string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = s.cwd
	cmd.Env = append(s.env, "PS1=ready> ", "TERM=dumb", "HISTFILE=")
	screen, err := pty.Start(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		cancel()
		screen.Close()
		_ = cmd.Wait()
	}()
	for buffer := make([]byte, 4096); ; {
		n, err := screen.Read(buffer)
		seen = controls.ReplaceAllString(seen+string(buffer[:n]), "")
		if _, after, ok := strings.Cut(seen, exchanges[0].awaited); ok {
			seen = after
			if _, err := io.WriteString(screen, exchanges[0].typed); err != nil {
				s.t.Fatal(err)
			}
			if exchanges = exchanges[1:]; len(exchanges) == 0 {
				return "", seen
			}
		}
		if err != nil { // the shell is gone
			return exchanges[0].awaited, seen
		}
	}
}

// TestCompletionInFish asks fish for its completions with complete -C.
func TestCompletionInFish(t *testing.T) {
	withoutRace(t)
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skip("fish is not installed")
	}
	s := newShop(t)
	s.run("build prod@main")
	for _, tt := range []struct{ typed, want string }{
		{"dot build -s +ord", "+orders\n"},
		{"dot build -s path:models/or", "path:models/orders.sql\n"},
		{"dot drop prod@ma", "prod@main\n"},
		{"dot docs ", "generate\tWrite the documentation to the build's target path\nserve\tServe the documentation until Ctrl-C\n"},
		{"dot build ", "dev\ton the working tree\ndev@\tat a commit\nprod\ton the working tree\nprod@\tat a commit\n"},
		{"dot build prod@m", "prod@main\nprod@metrics\n"},
		{"dot build --defer=prod@ma", "--defer=prod@main\n"},
		{"dot build dev@HEAD -- --store", "--store-failures\tdbt's\n"},
	} {
		cmd := exec.CommandContext(t.Context(), "fish", "-N", "-c", "dot completion fish | source; complete -C $argv", tt.typed)
		cmd.Dir, cmd.Env = s.cwd, s.env
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.typed, got, tt.want)
		}
	}
}
