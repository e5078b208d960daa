package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// Versions remembers what a program printed as its version, by the identity of
// the program.
type Versions struct{ w *Workspace }

// Versions returns the versions that the workspace remembers.
func (w *Workspace) Versions() Versions { return Versions{w} }

func (v Versions) file(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return v.w.file("versions", hex.EncodeToString(sum[:10]))
}

// Lookup returns the text that was saved for an identity. The identity is kept
// with the text, so that what was cut short or moved is not taken for it.
func (v Versions) Lookup(identity string) (text string, ok bool) {
	data, err := os.ReadFile(v.file(identity))
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(data), identity+"\n")
}

// Save remembers a text. The workspace must have been created.
func (v Versions) Save(identity, text string) error {
	return WriteFile(v.file(identity), []byte(identity+"\n"+text), 0o600)
}
