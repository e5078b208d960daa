package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"

	"dot-for-dbt/internal/durable"
)

// A Memo is a cache of texts that take time to get, such as a program's version.
// Its keys are identities, such as a program's path and time of change.
type Memo struct{ w *Workspace }

// Memo returns the workspace's memo.
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
	// The file starts with the identity and ends with a dot: a file that was
	// moved or cut short is not used.
	text, ok = strings.CutPrefix(string(data), identity+"\n")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, "\n.\n")
}

// Save saves a text. The workspace must exist.
func (m Memo) Save(identity, text string) error {
	return durable.Write(m.file(identity), []byte(identity+"\n"+text+"\n.\n"), 0o600)
}
