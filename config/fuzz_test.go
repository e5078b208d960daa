package config

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzLoad gives random bytes to the readers of the three files. Reading must end in bounded time,
// any error must be printable, and resolving twice must give equal results.
func FuzzLoad(f *testing.F) {
	f.Fuzz(func(t *testing.T, vars, base, user []byte) {
		begin := time.Now()
		defer func() {
			if took := time.Since(begin); took > 20*time.Second {
				t.Fatalf("took %s", took)
			}
		}()
		cfg, err := parse(vars, base, user)
		if err != nil {
			checkPrintable(t, err)
			return
		}
		for _, name := range append(cfg.Environments(), "") {
			first, err := cfg.Resolve(name, nil)
			if err != nil {
				checkPrintable(t, err)
				continue
			}
			if problem := spec.CheckName(first.Name); problem != "" {
				t.Fatalf("environment %q: %s", first.Name, problem)
			}
			for _, flag := range first.Flags {
				if flag.Name == "vars" || flag.Name == "dot" || strings.HasPrefix(flag.Name, "-") || flag.Value == nil {
					t.Fatalf("flag %+v", flag)
				}
			}
			again, err := parse(vars, base, user)
			if err != nil {
				t.Fatalf("the second time: %v", err)
			}
			second, err := again.Resolve(name, nil)
			if err != nil {
				t.Fatalf("the second time: %v", err)
			}
			if !equal(first.Vars, second.Vars) {
				t.Fatalf("vars of %q are %v, then %v", name, first.Vars, second.Vars)
			}
			if diff := cmp.Diff(first, second, cmpopts.IgnoreFields(Environment{}, "Vars")); diff != "" {
				t.Fatalf("%q (-first +second):\n%s", name, diff)
			}
		}
	})
}

// FuzzParseAge checks that an age survives being written and read again.
func FuzzParseAge(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		age, err := ParseAge(text)
		if err != nil {
			return
		}
		if again, err := ParseAge(age.String()); err != nil || again != age || age.Limit < 0 {
			t.Fatalf("%q is %#v, but %q is %#v, %v", text, age, age, again, err)
		}
	})
}

func checkPrintable(t *testing.T, err error) {
	t.Helper()
	lines := err.Error() + strings.Join(hint.Of(err), "\n")
	if strings.ContainsFunc(lines, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		t.Fatalf("not safe to print: %q", lines)
	}
}
