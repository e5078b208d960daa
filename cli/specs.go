package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// specs parses the specs of a command line, followed by those in a file; "" means no
// file, and - is stdin.
func (a *app) specs(args []string, file string) ([]spec.Spec, error) {
	var specs []spec.Spec
	for i, arg := range args {
		s, err := spec.Parse(arg)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(arg, "@") && i > 0 && !strings.Contains(args[i-1], "@") {
			return nil, hint.Add(fmt.Errorf("%s, without a ref, before %s: did you mean %s%s?", args[i-1], arg, args[i-1], arg),
				"for the default environment at that commit as well, name the environment before the @")
		}
		specs = append(specs, s)
	}
	if file == "" {
		return specs, nil
	}
	more, err := a.specsIn(file)
	if err == nil && len(specs)+len(more) == 0 {
		err = hint.Add(fmt.Errorf("%s has no spec", file), "write one on each line, such as dev@main; lines that start with # are comments")
	}
	return append(specs, more...), err
}

// specsIn parses the specs in a file.
func (a *app) specsIn(file string) ([]spec.Spec, error) {
	var from io.Reader
	switch {
	case file != "-":
		file = a.path(file)
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--specs: %w", err)
		}
		defer f.Close()
		from = f
	case a.Stdin == nil:
		return nil, fmt.Errorf("--specs -: there is no stdin")
	default:
		file, from = "stdin", a.Stdin
	}
	var specs []spec.Spec
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s, err := spec.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		specs = append(specs, s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--specs: read %s: %w", file, err)
	}
	return specs, nil
}
