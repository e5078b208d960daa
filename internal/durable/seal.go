package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
