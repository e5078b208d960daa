package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A keyed has the fields that go into a key.
type keyed struct {
	Kind    string
	Version int
	Inputs  map[string]string
}

// keyOf runs a step and returns the key under which it is recorded.
func keyOf(ctx context.Context, k keyed) (graph.Key, error) {
	step := &graph.Step{Name: "step", Kind: k.Kind, Version: k.Version, Record: "step", Action: nothing}
	for label, value := range k.Inputs {
		step.Inputs = append(step.Inputs, graph.Input{Label: label, Value: value})
	}
	g, err := graph.New(step)
	if err != nil {
		return "", err
	}
	result, err := g.Run(ctx, newWorld().options())
	if err != nil {
		return "", err
	}
	return result.Steps[0].Record.Key, result.Err()
}

// A step has the same key whether it shares its inputs' digests or not.
func TestDigest(t *testing.T) {
	key := func(digest func([]graph.Input)) graph.Key {
		inputs := []graph.Input{{Label: "commit", Value: "9b13827"}, {Label: "dbt", Value: "1.11.16", Show: "1.11.16"}}
		digest(inputs)
		g, err := graph.New(&graph.Step{Name: "step", Kind: "bench", Record: "step", Action: nothing, Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		result, err := g.Run(t.Context(), newWorld().options())
		if err != nil {
			t.Fatal(err)
		}
		return result.Steps[0].Record.Key
	}
	own := key(func([]graph.Input) {})
	if shared := key(graph.Digest); shared != own {
		t.Errorf("the key is %s with shared digests, and %s without", shared, own)
	}
}

// Different steps never have the same key: no field runs over into the next, whatever its text.
func TestKeysDiffer(t *testing.T) {
	field := rapid.StringOfN(rapid.SampledFrom([]rune("a=\x00\n")), 0, 3, -1)
	any := rapid.Custom(func(t *rapid.T) keyed {
		return keyed{
			Kind:    field.Draw(t, "kind"),
			Version: rapid.IntRange(0, 11).Draw(t, "version"),
			Inputs:  rapid.MapOfN(field, field, 0, 3).Draw(t, "inputs"),
		}
	})
	seen := map[graph.Key]keyed{}
	rapid.Check(t, func(rt *rapid.T) {
		k := any.Draw(rt, "step")
		key, err := keyOf(t.Context(), k)
		if err != nil {
			rt.Fatal(err)
		}
		if again, err := keyOf(t.Context(), k); err != nil || again != key {
			rt.Fatalf("the key of %v is %s, then %s (%v)", k, key, again, err)
		}
		if other, ok := seen[key]; ok && !cmp.Equal(k, other) {
			rt.Fatalf("one key for %#v and %#v", k, other)
		}
		seen[key] = k
	})
}

// Pairs of steps that look the same when their texts are simply joined.
func TestKeysOfLookalikes(t *testing.T) {
	in := func(pairs ...string) keyed {
		k := keyed{Kind: "k", Inputs: map[string]string{}}
		for pair := range slices.Chunk(pairs, 2) {
			k.Inputs[pair[0]] = pair[1]
		}
		return k
	}
	for _, tt := range []struct {
		name string
		a, b keyed
	}{
		{"a value that moves into the label", in("ab", "c"), in("a", "bc")},
		{"values swapped", in("a", "1", "b", "2"), in("a", "2", "b", "1")},
		{"one input or two", in("a", "1"), in("a", "1", "b", "")},
		{"an empty input or none", in("a", ""), in()},
		{"kind and version", keyed{Kind: "deps1", Version: 1}, keyed{Kind: "deps", Version: 11}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, errA := keyOf(t.Context(), tt.a)
			b, errB := keyOf(t.Context(), tt.b)
			if errA != nil || errB != nil || a == b {
				t.Errorf("keys %s (%v) and %s (%v)", a, errA, b, errB)
			}
		})
	}
}

// A dependency's key is part of a step's key. A record keeps digests and the texts to show, but no
// values.
func TestRecordOfInputs(t *testing.T) {
	below := &graph.Step{Name: "below", Kind: "k", Record: "below", Action: nothing}
	unkeyed := &graph.Step{Name: "unkeyed", Kind: "k", Action: nothing}
	step := &graph.Step{
		Name: "step", Kind: "k", Record: "step", Action: nothing, Deps: []string{"below", "unkeyed"},
		Inputs: []graph.Input{{Label: "vars", Value: "hunter2"}, {Label: "dbt", Value: "1.11.16", Show: "1.11.16"}},
		Late:   func(context.Context) ([]graph.Input, error) { return []graph.Input{{Label: "late", Value: "l"}}, nil },
	}
	w := newWorld()
	g := newGraph(t, below, unkeyed, step)
	mustRun(t, g, w.options())
	r := w.record(t, "step")
	var labels []string
	for _, in := range r.Inputs {
		labels = append(labels, in.Label+"|"+in.Show)
		if len(in.Digest) != 24 {
			t.Errorf("the digest of %s is %q, want 12 bytes in hexadecimal", in.Label, in.Digest)
		}
	}
	if diff := cmp.Diff([]string{"below|", "dbt|1.11.16", "late|", "vars|"}, labels); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	if text := string(w.records["step"]); strings.Contains(text, "hunter2") {
		t.Errorf("the record holds an input's value: %s", text)
	}
	if len(r.Key) != 64 {
		t.Errorf("the key is %q, want 32 bytes in hexadecimal", r.Key)
	}

	below.Inputs = []graph.Input{{Label: "new", Value: "1"}}
	mustRun(t, g, w.options())
	if now := w.record(t, "step").Key; now == r.Key {
		t.Error("the key stays the same though the dependency's changed")
	}
}

// A repeated label could hide a change. Planning reports it, wherever the two come from.
func TestInputTwice(t *testing.T) {
	for _, tt := range []struct {
		name string
		step graph.Step
	}{
		{"two of its own", graph.Step{Inputs: []graph.Input{{Label: "x", Value: "1"}, {Label: "x", Value: "2"}}}},
		{"its own and a late one", graph.Step{
			Inputs: []graph.Input{{Label: "x"}},
			Late:   func(context.Context) ([]graph.Input, error) { return []graph.Input{{Label: "x"}}, nil },
		}},
		{"its own and a dependency", graph.Step{Inputs: []graph.Input{{Label: "x"}}, Deps: []string{"x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			x := &graph.Step{Name: "x", Kind: "k", Record: "x", Action: nothing}
			mustRun(t, newGraph(t, x), w.options())
			step := tt.step
			step.Name, step.Kind, step.Record, step.Action = "step", "k", "step", nothing
			_, err := newGraph(t, x, &step).Plan(t.Context(), w.env())
			if want := `plan step: input "x" is given twice`; fmt.Sprint(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}
