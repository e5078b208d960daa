package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// A record's JSON begins with a seal, the digest of the rest. Without it, a
// bit that flips in a time or in the outputs would pass for the truth, and a
// step could be skipped on the strength of it.
const (
	sealOpen  = `{"seal":"`
	sealClose = `",`
)

// MarshalJSON writes the record with its seal.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record // has no MarshalJSON
	object, err := json.Marshal(plain(r))
	if err != nil {
		return nil, err
	}
	rest := object[1:]
	return slices.Concat([]byte(sealOpen), seal(rest), []byte(sealClose), rest), nil
}

// sealed reports whether a record's JSON, however it is indented, is what
// MarshalJSON once wrote.
func sealed(data []byte) bool {
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return false
	}
	rest, ok := bytes.CutPrefix(compact.Bytes(), []byte(sealOpen))
	if !ok {
		return false
	}
	given, rest, ok := bytes.Cut(rest, []byte(sealClose))
	return ok && bytes.Equal(given, seal(rest))
}

// seal returns the digest of what follows the seal, in hexadecimal.
func seal(rest []byte) []byte {
	sum := sha256.Sum256(rest)
	return hex.AppendEncode(nil, sum[:])
}
