package config

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"dot-for-dbt/internal/testing/schematest"
)

// A new file names every setting, and what it has as comments is configuration that dot and the
// schema read.
func TestTemplate(t *testing.T) {
	text := Template("shop", []string{"dev", "prod"}, "dev", "s.json")
	for _, known := range [][]string{sortedKeys(settings), sortedKeys(compareSettings)} {
		for _, key := range known {
			if !regexp.MustCompile(`(?m)^    # .*\b` + key + `:`).MatchString(text) {
				t.Errorf("it lacks %s", key)
			}
		}
	}
	live := regexp.MustCompile(`(?m)^( +)# ( *[a-z-]+:)`).ReplaceAllString(text, "$1$2")
	if live == text {
		t.Fatal("no comment is a setting")
	}
	for _, file := range []string{text, live} {
		c, err := parse(nil, []byte(file), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		env, err := c.Resolve("", nil)
		if err != nil || env.Name != "dev" {
			t.Errorf("the default is %q, %v", env.Name, err)
		}
		if err := schematest.YAML("dot_environments", file); err != nil {
			t.Errorf("%v\n%s", err, file)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 121 {
			t.Errorf("%q is too wide", line)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Whatever the outputs are called, dot reads the file, and each output has an environment.
func TestTemplateOfAnyOutputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.SampledFrom([]string{"dev", "Dev", "default", "all", "null", "yes", "1e5", "007", "my output", "é", "con", strings.Repeat("a", 100), strings.Repeat("A", 100), strings.Repeat("a", 101), strings.Repeat("b", 200), "a.b", "-", "dev-1", "output-1", "a: b", "#x", "'", "\"", "{{ a }}"}),
			rapid.StringN(1, 12, -1).Filter(func(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }),
		)
		outputs := rapid.SliceOfNDistinct(name, 1, 8, rapid.ID[string]).Draw(t, "outputs")
		byDefault := rapid.SampledFrom(append(slices.Clone(outputs), "")).Draw(t, "default")
		text := Template(rapid.String().Draw(t, "profile"), outputs, byDefault, "s.json")
		c, err := parse(nil, []byte(text), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		var targets []string
		for _, env := range c.Environments() {
			e, err := c.Resolve(env, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			targets = append(targets, e.Flags[0].Value.(string))
			if spelled := usable(e.Flags[0].Value.(string)); spelled && len(outputs) == 1 && env != outputs[0] {
				t.Fatalf("output %q has the environment %q", outputs[0], env)
			}
		}
		slices.Sort(targets)
		slices.Sort(outputs)
		if !slices.Equal(targets, outputs) {
			t.Fatalf("environments of %q, not of %q\n%s", targets, outputs, text)
		}
		if byDefault != "" {
			if e, err := c.Resolve("", nil); err != nil || e.Flags[0].Value != byDefault {
				t.Fatalf("the default is %v, %v; want %q", e.Flags, err, byDefault)
			}
		}
		if err := schematest.YAML("dot_environments", text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
