package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dot-for-dbt/internal/text"
)

// Metadata is the head of an artifact.
type Metadata struct {
	DBTVersion   string    `json:"dbt_version"`
	GeneratedAt  time.Time `json:"generated_at"`
	InvocationID string    `json:"invocation_id"`
	Schema       string    `json:"dbt_schema_version"` // the URL of the artifact's JSON schema
	Project      string    `json:"project_name"`       // of a manifest: the name of the root project
	Adapter      string    `json:"adapter_type"`       // of a manifest: duckdb, postgres, …
	// Quoting has the parts of a relation's name that dbt quotes in a manifest's project by default.
	Quoting map[string]any `json:"quoting"`
}

// stream reads an artifact, one JSON object, piece by piece. So a manifest of hundreds of megabytes
// is never in memory as a whole.
type stream struct {
	file string // named in errors
	dec  *json.Decoder
	from *pythonJSON
}

func newStream(file string, r io.Reader) *stream {
	from := readPython(r)
	return &stream{file: file, dec: json.NewDecoder(from), from: from}
}

// asWritten reads a value as Python wrote it: it may have NaN and infinities.
func (a *stream) asWritten() (json.RawMessage, error) {
	var value json.RawMessage
	err := a.dec.Decode(&value)
	if err == nil {
		a.from.restore(value, a.dec.InputOffset())
	}
	return value, err
}

// document reads the whole artifact. Nothing may follow the object.
func (a *stream) document(member func(key string) error) error {
	if err := a.object(member); err != nil {
		return a.failure(err)
	}
	switch _, err := a.dec.Token(); {
	case err == nil:
		return fmt.Errorf("%s: expected the end of the file, found more behind the object", a.file)
	case !errors.Is(err, io.EOF):
		return a.failure(err)
	}
	return nil
}

// object reads an object. member must read the value of each key. null counts as an empty object.
func (a *stream) object(member func(key string) error) error {
	return a.each('{', '}', func() error {
		key, err := a.dec.Token()
		if err != nil {
			return err
		}
		return member(key.(string)) // the decoder accepts only strings as keys
	})
}

// list reads a list. item must read each value. null counts as an empty list.
func (a *stream) list(item func() error) error { return a.each('[', ']', item) }

func (a *stream) each(from, to json.Delim, read func() error) error {
	switch token, err := a.dec.Token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != from:
		return fmt.Errorf("expected %q, found %q", from.String(), text.Shorten(fmt.Sprint(token)))
	}
	for a.dec.More() {
		if err := read(); err != nil {
			return err
		}
	}
	switch token, err := a.dec.Token(); {
	case err != nil:
		return err
	case token != to:
		return fmt.Errorf("expected %q, found %q", to.String(), text.Shorten(fmt.Sprint(token)))
	}
	return nil
}

// skip reads a value and discards it.
func (a *stream) skip() error { return a.dec.Decode(&ignored{}) }

// ignored is any JSON value.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// failure explains what is wrong with the file.
func (a *stream) failure(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: expected JSON, found the end of the file: it is empty or cut short", a.file)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: expected JSON: byte %d: %w", a.file, a.dec.InputOffset(), err)
	}
	return fmt.Errorf("%s: %w", a.file, err)
}

// check returns an error unless the artifact has this kind ("manifest") and a version that dot reads.
func (a *stream) check(m Metadata, kind string, oldest, newest int) error {
	found := m.Schema
	_, name, ok := strings.Cut(m.Schema, "/dbt/"+kind+"/v")
	version, err := strconv.Atoi(strings.TrimSuffix(name, ".json"))
	if ok && err == nil {
		if oldest <= version && version <= newest {
			return nil
		}
		found = fmt.Sprintf("version %d, written by dbt %s", version, m.DBTVersion)
	}
	if found == "" {
		found = "none"
	}
	return fmt.Errorf("%s: expected a dbt %s of version %d to %d, found %s", a.file, kind, oldest, newest, text.Shorten(found))
}
