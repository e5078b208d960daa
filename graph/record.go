package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dot-for-dbt/internal/durable"
)

// RecordVersion is the version of the form in which records are written.
const RecordVersion = 1

// A State is what a record says became of an attempt.
type State string

// The states of a record. Started is true only while the attempt's process
// holds the step's locks; found under the same locks, it means that the process
// was killed. Stopped is an attempt that failed after it was cancelled.
const (
	Started   State = "started"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Stopped   State = "stopped"
)

// A Record is what is remembered of a step's last attempt.
type Record struct {
	Version  int             `json:"version"`
	Step     string          `json:"step"`
	State    State           `json:"state"`
	Key      Key             `json:"key"`
	Inputs   []InputDigest   `json:"inputs,omitempty"`
	PID      int             `json:"pid"`
	Started  time.Time       `json:"started"`
	Finished time.Time       `json:"finished,omitzero"`
	Error    string          `json:"error,omitempty"`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
}

// MarshalJSON writes the record with its seal.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record // has no MarshalJSON
	object, err := json.Marshal(plain(r))
	if err != nil {
		return nil, err
	}
	return durable.Seal(object), nil
}

// Decode reads the outputs of a record into v.
func (r Record) Decode(v any) error {
	if len(r.Outputs) == 0 {
		return errors.New("the record has no outputs")
	}
	return json.Unmarshal(r.Outputs, v)
}

// ParseRecord reads a record as a Store keeps it: as JSON, with any
// indentation. Anything but a whole record of this version, unchanged since it
// was written, is an error.
func ParseRecord(data []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("not a whole record: %w", err)
	}
	if r.Version != RecordVersion {
		return Record{}, fmt.Errorf("record version %d, this dot reads %d", r.Version, RecordVersion)
	}
	if !durable.Sealed(data) {
		return Record{}, errors.New("it was changed after it was written")
	}
	switch r.State {
	case Started, Succeeded, Failed, Stopped:
	default:
		return Record{}, fmt.Errorf("unknown state %q", r.State)
	}
	return r, nil
}

// A Store keeps records.
type Store interface {
	// Load returns the record of that name. Without one, the error is
	// fs.ErrNotExist; any other error means that there is a record that
	// can't be read.
	Load(name string) (Record, error)
	// Save replaces the record, at once and durably: whatever happens, Load
	// then returns either the old or the new one.
	Save(name string, r Record) error
}
