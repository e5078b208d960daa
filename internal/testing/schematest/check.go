package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Check fails if JSON isn't as the schema of that name says, or has a property that the schema
// doesn't have.
func Check(t testing.TB, name string, text []byte) {
	t.Helper()
	schema, err := strict(name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Errorf("no JSON: %v\n%.400s", err, text)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("not as schemas/%s.schema.json says: %v", name, err)
	}
}

// Validate checks a value with the schema of that name as it is.
func Validate(name string, value any) error {
	schema, err := published(name)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// Compile fails if the schema of that name is none.
func Compile(name string) error {
	_, err := published(name)
	return err
}

var published = compiled(func(any) {})

// strict is the schema of that name without properties that it doesn't name: a schema of an output
// allows them, since fields may be added.
var strict = compiled(closeObjects)

func compiled(change func(any)) func(string) (*jsonschema.Schema, error) {
	var mutex sync.Mutex
	known := map[string]*jsonschema.Schema{}
	return func(name string) (*jsonschema.Schema, error) {
		mutex.Lock()
		defer mutex.Unlock()
		if known[name] != nil {
			return known[name], nil
		}
		text, err := os.ReadFile(filepath.Join(Dir(), name+".schema.json"))
		if err != nil {
			return nil, fmt.Errorf("%w: go test -run Schema -update writes it", err)
		}
		var doc any
		if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
			return nil, err
		}
		change(doc)
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(name, doc); err != nil {
			return nil, err
		}
		known[name], err = c.Compile(name)
		return known[name], err
	}
}

func closeObjects(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			closeObjects(item)
		}
	case map[string]any:
		if _, ok := value["properties"].(map[string]any); ok && value["type"] == "object" {
			if _, said := value["additionalProperties"]; !said {
				value["additionalProperties"] = false
			}
		}
		for _, item := range value {
			closeObjects(item)
		}
	}
}

// Output checks what a command of dot's has printed, if its arguments ask for JSON. One that failed
// may have printed nothing, or a part.
func Output(t testing.TB, args []string, stdout string, code int) {
	t.Helper()
	name, lines := schemaOf(args)
	if name == "" || code != 0 && stdout == "" {
		return
	}
	if !lines {
		if code == 0 || json.Valid([]byte(stdout)) {
			Check(t, name, []byte(stdout))
		}
		return
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(stdout)))
	for decoder.More() {
		var event json.RawMessage
		if err := decoder.Decode(&event); err != nil {
			if code == 0 {
				t.Errorf("no JSON: %v", err)
			}
			return
		}
		Check(t, name, event)
	}
}

// schemaOf returns the schema of what a command prints, "" if that isn't JSON, and whether that is
// an object on each line.
func schemaOf(args []string) (name string, lines bool) {
	if len(args) == 0 {
		return "", false
	}
	asJSON, events := false, false
	for i, arg := range args {
		if arg == "--" {
			break
		}
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch arg {
		case "--json", "--format=json":
			asJSON = true
		case "--format":
			asJSON = next == "json"
		case "--log":
			events = next == "json"
		case "--log=json":
			events = true
		case "-o", "--output":
			return "", false
		}
	}
	switch args[0] {
	case "status":
		switch {
		case asJSON && slices.Contains(args, "--in-store"):
			return "store", false
		case asJSON:
			return "status", false
		}
	case "plan", "explain", "prune", "doctor":
		if asJSON {
			return args[0], false
		}
	case "compare", "upgrade-check":
		if asJSON {
			return "report", false
		}
	default:
		if events {
			return "events", true
		}
	}
	return "", false
}
