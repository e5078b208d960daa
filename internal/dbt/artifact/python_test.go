package artifact

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"dot-for-dbt/internal/testing/dbttest"
)

var pythonValues = []string{
	`{"a": NaN, "b": [Infinity, -Infinity, -1, NaN], "c": "NaN, Infinity"}`,
	`[NaN]`, `NaN`, `{"NaN": "x\\", "b": NaN}`, `{"a\": NaN": -Infinity}`, `{"a": "\\\\\" NaN", "b": "\\\\", "c": Infinity}`,
	`{"long": "` + strings.Repeat("x", 200<<10) + `\"", "n": NaN, "a": "-Infinity"}`,
}

// TestPythonFloats reads what Python writes for floats that JSON doesn't have, in pieces of
// every size.
func TestPythonFloats(t *testing.T) {
	for _, text := range pythonValues {
		want := string(fromPython([]byte(text)))
		if !json.Valid([]byte(want)) || len(want) != len(text) {
			t.Errorf("%.80s became %.80s", text, want)
		}
		for name, reader := range map[string]io.Reader{"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)), "late end": iotest.DataErrReader(strings.NewReader(text))} {
			got, err := io.ReadAll(readPython(reader))
			if err != nil || string(got) != want {
				t.Errorf("%s: %.80s became %.80s, want %.80s (%v)", name, text, got, want, err)
			}
		}
		var small bytes.Buffer
		if _, err := io.CopyBuffer(struct{ io.Writer }{&small}, readPython(strings.NewReader(text)), make([]byte, 3)); err != nil || small.String() != want {
			t.Errorf("by three bytes: %.80s became %.80s (%v)", text, small.String(), err)
		}
	}
	if got, want := string(fromPython([]byte(pythonValues[0]))), `{"a": "a", "b": ["nfinit", "Infinit", -1, "a"], "c": "NaN, Infinity"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPythonFloatsArePythons checks what Python's json writes.
func TestPythonFloatsArePythons(t *testing.T) {
	got := dbttest.Python(t, "-c", `import json; print(json.dumps({"a": [float("nan"), float("inf"), -float("inf")], "b": float("nan"), 'c"': 'NaN"\\'}))`)
	if want := `{"a": ["a", "nfinit", "Infinit"], "b": "a", "c\"": "NaN\"\\"}` + "\n"; string(fromPython(got)) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzPythonFloats(f *testing.F) {
	for _, text := range pythonValues {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		valid := json.Valid(text)
		got := fromPython(bytes.Clone(text))
		if valid && !bytes.Equal(got, text) {
			t.Fatalf("valid JSON changed: %q became %q", text, got)
		}
		read, err := io.ReadAll(readPython(iotest.HalfReader(bytes.NewReader(text))))
		if err != nil || !bytes.Equal(read, got) {
			t.Fatalf("%q is %q, and read %q (%v)", text, got, read, err)
		}
	})
}
