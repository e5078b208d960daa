package profile

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/parser"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// plainFilters are the library's filters that are safe here. They neither repeat nor pad, so a
// result is never longer than the input.
var plainFilters = []string{
	"capitalize", "count", "d", "default", "first", "float", "int", "last",
	"length", "lower", "string", "title", "trim", "upper",
}

// jinjaRun is one evaluation: its scope and what happened during it.
type jinjaRun struct {
	scope  Scope
	secret bool  // a secret variable was read
	failed error // dot's first error, which is more exact than the library's
}

// fail remembers the first error and passes it to the library.
func (r *jinjaRun) fail(err error) error {
	if r.failed == nil {
		r.failed = err
	}
	return err
}

// environment has everything that a text can call.
func (r *jinjaRun) environment() *exec.Environment {
	statements := map[string]parser.ControlStructureParser{}
	for _, name := range jinjaStatements {
		if p, ok := builtins.ControlStructures.Get(name); ok {
			statements[name] = p
		}
	}
	return &exec.Environment{
		Context:           exec.NewContext(map[string]any{"env_var": r.envVar, "var": r.varValue}),
		Filters:           exec.NewFilterSet(r.filters()),
		Tests:             builtins.Tests,
		ControlStructures: exec.NewControlStructureSet(statements),
		Methods: exec.Methods{
			Bool:  exec.NewMethodSet(map[string]exec.Method[bool]{}),
			Int:   exec.NewMethodSet(map[string]exec.Method[int]{}),
			Float: exec.NewMethodSet(map[string]exec.Method[float64]{}),
			Str:   exec.NewMethodSet(r.stringMethods()),
			Dict:  exec.NewMethodSet(map[string]exec.Method[map[string]any]{}),
			List:  exec.NewMethodSet(map[string]exec.Method[[]any]{}),
		},
	}
}

// envVar is dbt's env_var(name, default). An unset variable without a default is an error.
func (r *jinjaRun) envVar(args *exec.VarArgs) (any, error) {
	name, fallback, err := nameAndDefault("env_var", args)
	if err != nil {
		return nil, r.fail(err)
	}
	if r.scope.Env != nil {
		if value, ok := r.scope.Env(name); ok {
			if len(value) > maxJinjaText {
				return nil, r.fail(fmt.Errorf("environment variable %s is longer than %d bytes", name, maxJinjaText))
			}
			if isSecretEnv(name) {
				r.secret = true
			}
			return value, nil
		}
	}
	if fallback == nil || fallback.IsNil() {
		return nil, r.fail(hint.New(
			fmt.Sprintf("environment variable %s is not set", name),
			fmt.Sprintf("set %s, or give env_var('%s', …) a default", name, name),
		))
	}
	return fallback.Interface(), nil
}

// varValue is dbt's var(name, default), which sees only --vars here.
func (r *jinjaRun) varValue(args *exec.VarArgs) (any, error) {
	name, fallback, err := nameAndDefault("var", args)
	if err != nil {
		return nil, r.fail(err)
	}
	if value, ok := r.scope.Vars[name]; ok {
		if value == nil {
			return nil, r.fail(fmt.Errorf("var %s is null", name))
		}
		if text, isText := value.(string); isText && len(text) > maxJinjaText {
			return nil, r.fail(fmt.Errorf("var %s is longer than %d bytes", name, maxJinjaText))
		}
		return jinjaValue(value), nil
	}
	if fallback == nil {
		return nil, r.fail(hint.New(
			fmt.Sprintf("var %s is not set", name),
			fmt.Sprintf("give it a value under the environment's vars or with --vars, or a default: var('%s', …)", name),
		))
	}
	return fallback.Interface(), nil
}

// jinjaValue converts a value from YAML to a type that compares with Jinja's own.
func jinjaValue(value any) any {
	switch v := value.(type) {
	case int64:
		return int(v)
	case *big.Int:
		f, _ := v.Float64()
		return f
	case pyyaml.Time:
		return v.String()
	}
	return value
}

// nameAndDefault reads the arguments of env_var and var.
func nameAndDefault(function string, args *exec.VarArgs) (name string, fallback *exec.Value, err error) {
	positional := slices.Clone(args.Args)
	for key, value := range args.KwArgs {
		if key != "default" || len(positional) != 1 {
			return "", nil, fmt.Errorf("%s takes a name and perhaps a default", function)
		}
		positional = append(positional, value)
	}
	if len(positional) < 1 || len(positional) > 2 || !positional[0].IsString() {
		return "", nil, fmt.Errorf("%s takes a name and perhaps a default", function)
	}
	if len(positional) == 2 {
		fallback = positional[1]
	}
	return positional[0].String(), fallback, nil
}

// filters has the harmless filters of Jinja, and dbt's as_*. In dbt, as_* set the type of a whole
// value. Here every result is text, so they only check it.
func (r *jinjaRun) filters() map[string]exec.FilterFunction {
	filters := map[string]exec.FilterFunction{
		"as_text":   same,
		"as_native": same,
		"as_bool": func(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
			if in.IsError() {
				return in
			}
			if s := in.String(); s != "True" && s != "False" {
				return exec.AsValue(r.fail(errors.New("as_bool: the value is neither True nor False")))
			}
			return in
		},
		"as_number": func(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
			if in.IsError() {
				return in
			}
			if _, err := strconv.ParseFloat(in.String(), 64); err != nil {
				return exec.AsValue(r.fail(errors.New("as_number: the value is not a number")))
			}
			return in
		},
		"replace": func(_ *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
			if in.IsError() {
				return in
			}
			out, err := replaceText(in.String(), args)
			if err != nil {
				return exec.AsValue(r.fail(err))
			}
			return exec.AsValue(out)
		},
	}
	for _, name := range plainFilters {
		filter, ok := builtins.Filters.Get(name)
		if !ok {
			continue
		}
		filters[name] = func(e *exec.Evaluator, in *exec.Value, args *exec.VarArgs) *exec.Value {
			if in.IsError() {
				return in // for example an unknown name
			}
			out := filter(e, in, args)
			if out.IsError() {
				// The library's own error may quote the value.
				return exec.AsValue(r.fail(fmt.Errorf("filter %s can't be applied to this value", name)))
			}
			return out
		}
	}
	return filters
}

func same(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value { return in }

// stringMethods are the methods of Python's strings that names and paths need.
func (r *jinjaRun) stringMethods() map[string]exec.Method[string] {
	plain := func(f func(string) string) exec.Method[string] {
		return func(self string, _ *exec.Value, args *exec.VarArgs) (any, error) {
			if len(args.Args)+len(args.KwArgs) > 0 {
				return nil, r.fail(errors.New("this method takes no arguments"))
			}
			return f(self), nil
		}
	}
	test := func(f func(s, part string) bool) exec.Method[string] {
		return func(self string, _ *exec.Value, args *exec.VarArgs) (any, error) {
			if len(args.Args) != 1 || len(args.KwArgs) > 0 || !args.Args[0].IsString() {
				return nil, r.fail(errors.New("this method takes one text"))
			}
			return f(self, args.Args[0].String()), nil
		}
	}
	return map[string]exec.Method[string]{
		"lower":      plain(strings.ToLower),
		"upper":      plain(strings.ToUpper),
		"strip":      plain(strings.TrimSpace),
		"startswith": test(strings.HasPrefix),
		"endswith":   test(strings.HasSuffix),
		"replace": func(self string, _ *exec.Value, args *exec.VarArgs) (any, error) {
			out, err := replaceText(self, args)
			if err != nil {
				return nil, r.fail(err)
			}
			return out, nil
		},
	}
}

// replaceText is replace(old, new). It refuses to make a text too long.
func replaceText(s string, args *exec.VarArgs) (string, error) {
	if len(args.Args) != 2 || len(args.KwArgs) > 0 || !args.Args[0].IsString() || !args.Args[1].IsString() {
		return "", errors.New("replace takes two texts")
	}
	before, after := args.Args[0].String(), args.Args[1].String()
	if len(s)+strings.Count(s, before)*len(after) > maxJinjaValue {
		return "", errJinjaTooLong
	}
	return strings.ReplaceAll(s, before, after), nil
}

// isSecretEnv reports whether a variable's name marks it as a secret.
func isSecretEnv(name string) bool {
	return strings.HasPrefix(name, secretEnvPrefix) || isSecretName(name)
}
