package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// A sealed JSON object begins with a seal, the digest of the rest. Without it, a
// bit that flips in a time or in a status would pass for the truth.
const (
	sealOpen  = `{"seal":"`
	sealClose = `",`
)

// Seal returns an object, as json.Marshal writes one that has any field, with its
// seal.
func Seal(object []byte) []byte {
	rest := object[1:]
	return slices.Concat([]byte(sealOpen), seal(rest), []byte(sealClose), rest)
}

// Sealed reports whether JSON, however it is indented, is what Seal once returned.
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

// seal returns the digest of what follows the seal, in hexadecimal.
func seal(rest []byte) []byte {
	sum := sha256.Sum256(rest)
	return hex.AppendEncode(nil, sum[:])
}
