package standin

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
)

// scope has the names that Jinja sees. Functions are func(*exec.VarArgs) (any, error).
type scope map[string]any

// common returns the names that are in scope everywhere.
func (p Process) common(vars map[string]any) scope {
	return scope{
		"env_var": p.setting("Env var required but not provided: '%s'", func(name string) (any, bool) { return p.lookup(name) }),
		"var":     p.setting("Required var '%s' not found in config", func(name string) (any, bool) { value, ok := vars[name]; return value, ok }),
	}
}

// setting returns a Jinja function of a name and an optional default.
func (Process) setting(complaint string, lookup func(string) (any, bool)) any {
	return func(args *exec.VarArgs) (any, error) {
		name := args.First().String()
		if value, ok := lookup(name); ok {
			return value, nil
		}
		if len(args.Args) > 1 {
			return args.Args[1].Interface(), nil
		}
		return nil, fmt.Errorf(complaint, name)
	}
}

// with returns the scope with additional names.
func (s scope) with(more scope) scope {
	out := maps.Clone(s)
	maps.Copy(out, more)
	return out
}

// render evaluates text.
func (s scope) render(text string) (out string, err error) {
	if !strings.Contains(text, "{") {
		return text, nil
	}
	defer func() {
		// The library panics on some input.
		if p := recover(); p != nil {
			err = fmt.Errorf("in Jinja: %v", p)
		}
	}()
	// Without the library's own functions: dbt does not have them.
	template, err := exec.NewTemplate("text", config.New(), loader(text), &exec.Environment{
		Context: exec.NewContext(s), Filters: builtins.Filters, Tests: builtins.Tests,
		ControlStructures: builtins.ControlStructures, Methods: builtins.Methods,
	})
	if err != nil {
		return "", err
	}
	return template.ExecuteToString(exec.EmptyContext())
}

// loader is the only text of a template.
type loader string

func (l loader) Read(string) (io.Reader, error)         { return strings.NewReader(string(l)), nil }
func (l loader) Resolve(name string) (string, error)    { return name, nil }
func (l loader) Inherit(string) (loaders.Loader, error) { return l, nil }
