package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dot-for-dbt/internal/durable"
)

// RecordVersion is the version of the format of records.
const RecordVersion = 1

// A State is the outcome of an attempt in its record.
type State string

// All states. Started is true only while the attempt's process holds the step's locks. Another
// holder of these locks that finds it knows that the process was killed. Stopped is an attempt that
// failed after it was cancelled.
const (
	Started   State = "started"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Stopped   State = "stopped"
)

// A Record describes a step's last attempt.
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

// ParseRecord reads a record from a Store: JSON, with any indentation. It is an error unless data
// is a complete record of this version, and unchanged since it was written.
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
	// Load returns the record called name. If there is none, the error is fs.ErrNotExist; any other
	// error means that there is a record that can't be read.
	Load(name string) (Record, error)
	// Save replaces the record, atomically and durably: after a crash, Load returns either the old
	// or the new one.
	Save(name string, r Record) error
}
