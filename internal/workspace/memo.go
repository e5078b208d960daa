package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"

	"dot-for-dbt/internal/durable"
)

// A Memo remembers texts that are dear to find out, such as the version a
// program prints or what a commit's files say, by the identity of what they
// are about. Losing one costs time and nothing else.
type Memo struct{ w *Workspace }

// Memo returns what the workspace remembers.
func (w *Workspace) Memo() Memo { return Memo{w} }

func (m Memo) file(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return m.w.file("memo", hex.EncodeToString(sum[:10]))
}

// Lookup returns the text that was saved for an identity.
func (m Memo) Lookup(identity string) (text string, ok bool) {
	data, err := os.ReadFile(m.file(identity))
	if err != nil {
		return "", false
	}
	// The identity is kept with the text, so that a file that was moved or
	// cut short is not taken for it.
	text, ok = strings.CutPrefix(string(data), identity+"\n")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, "\n.\n")
}

// Save remembers a text. The workspace must have been created.
func (m Memo) Save(identity, text string) error {
	return durable.Write(m.file(identity), []byte(identity+"\n"+text+"\n.\n"), 0o600)
}
