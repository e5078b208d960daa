package workspace

import (
	"bytes"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/durable"
)

// PluginDir returns the directory of the module that dbt imports for comments on queries.
func (w *Workspace) PluginDir() string { return w.file("plugin") }

// WritePlugin writes that module, unless it is there. dbts that import it may be running.
func (w *Workspace) WritePlugin(name string, text []byte) error {
	file := filepath.Join(w.PluginDir(), name)
	if had, err := os.ReadFile(file); err == nil && bytes.Equal(had, text) {
		return nil
	}
	return durable.Write(file, text, 0o600)
}
