package graph

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// An Input is a labelled fact on which a step's result depends.
type Input struct {
	// Label names the input in reasons, such as "vars: sample_rate".
	Label string
	// Value goes into the key as a digest. It is never stored.
	Value string
	// Show, if not empty, is stored in the record, and shown when the input changes ("dbt 1.11.15 →
	// 1.11.16"). It must not hold a secret.
	Show string

	digest string // see Digest
}

// A Key is the hexadecimal digest of everything on which a step's result depends; "" means none.
type Key string

// digestLen is the number of bytes kept of an input's digest. It is enough to tell two values of
// one label apart, and short enough to keep records readable.
const digestLen = 12

// An InputDigest is an input as a record keeps it.
type InputDigest struct {
	Label  string `json:"label"`
	Digest string `json:"digest"`
	Show   string `json:"show,omitempty"`
}

// Digest works out the digests of inputs that several steps have, so that each step need not. The
// inputs must not be changed after it.
func Digest(inputs []Input) {
	var framed []byte
	for i := range inputs {
		inputs[i].digest, framed = inputs[i].digestIn(framed)
	}
}

// Recorded returns the input as a record keeps it.
func (in Input) Recorded() InputDigest {
	digest, _ := in.digestIn(nil)
	return InputDigest{Label: in.Label, Digest: digest, Show: in.Show}
}

// digestIn returns the input's digest. It works in room, which it returns for the next.
func (in Input) digestIn(room []byte) (string, []byte) {
	if in.digest != "" {
		return in.digest, room
	}
	room = frame(room[:0], in.Label, in.Value)
	sum := sha256.Sum256(room)
	return hex.EncodeToString(sum[:digestLen]), room
}

// digests returns inputs as a record keeps them, sorted by label. A repeated label is an error: a
// change of one of the two could go unnoticed.
func digests(inputs []Input) ([]InputDigest, error) {
	out := make([]InputDigest, len(inputs))
	var framed []byte
	for i, in := range inputs {
		out[i] = InputDigest{Label: in.Label, Show: in.Show}
		out[i].Digest, framed = in.digestIn(framed)
	}
	slices.SortFunc(out, func(a, b InputDigest) int { return cmp.Compare(a.Label, b.Label) })
	for i := 1; i < len(out); i++ {
		if out[i].Label == out[i-1].Label {
			return nil, fmt.Errorf("input %q is given twice", out[i].Label)
		}
	}
	return out, nil
}

// newKey digests the kind of a step and its inputs' digests. The length precedes each field, so
// different lists of fields never give the same bytes.
func newKey(kind string, version int, inputs []InputDigest) Key {
	b := frame(nil, "dot step", kind, fmt.Sprint(version))
	for _, in := range inputs {
		b = frame(b, in.Label, in.Digest)
	}
	sum := sha256.Sum256(b)
	return Key(hex.EncodeToString(sum[:]))
}

// frame appends each field to b, preceded by its length.
func frame(b []byte, fields ...string) []byte {
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

// changedInputs lists the inputs that differ between a record and now. incomplete means that some
// present inputs are still unknown; then inputs that only the record has don't count.
func changedInputs(then, now []InputDigest, incomplete bool) []string {
	var changed []string
	for _, in := range compare(then, now, incomplete) {
		switch {
		case in.Change == Same, in.Change == Unknown:
		case in.Was != "" && in.Show != "" && in.Was != in.Show:
			changed = append(changed, fmt.Sprintf("%s %s → %s", in.Label, in.Was, in.Show))
		default:
			changed = append(changed, in.Label)
		}
	}
	slices.Sort(changed)
	return changed
}
