package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A sealed JSON object begins with a seal: the digest of its other fields. Without it, a flipped
// bit in a time or a status would go unnoticed.
const (
	sealOpen  = `{"seal":"`
	sealClose = `",`
)

// Seal adds a seal to an object, which must come from json.Marshal and have at least one field.
func Seal(object []byte) []byte {
	rest := object[1:]
	return slices.Concat([]byte(sealOpen), seal(rest), []byte(sealClose), rest)
}

// Sealed reports whether data is an object that Seal returned, however it is indented.
func Sealed(data []byte) bool {
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

// seal returns the hexadecimal digest of the bytes after the seal.
func seal(rest []byte) []byte {
	sum := sha256.Sum256(rest)
	return hex.AppendEncode(nil, sum[:])
}

// Marshal returns a value, which has to be an object with a field in JSON, sealed
// and indented: as a file.
func Marshal(v any) ([]byte, error) {
	object, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, Seal(object), "", " "); err != nil {
		return nil, err
	}
	return append(out.Bytes(), '\n'), nil
}

// Unmarshal reads what Marshal wrote. What was changed since is an error.
func Unmarshal(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("not whole: %w", err)
	}
	if !Sealed(data) {
		return errors.New("it was changed after it was written")
	}
	return nil
}
