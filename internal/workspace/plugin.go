package workspace

import (
	"path/filepath"

	"dot-for-dbt/internal/durable"
)

// PluginDir returns the directory of the module that dbt imports for comments on queries.
func (w *Workspace) PluginDir() string { return w.file("plugin") }

// WritePlugin writes that module, unless it is there. dbts that import it may be running.
func (w *Workspace) WritePlugin(name string, text []byte) error {
	if w.HasPlugin(name, text) {
		return nil
	}
	return durable.Write(filepath.Join(w.PluginDir(), name), text, 0o600)
}

// HasPlugin reports whether that module is there and whole: a dbt that imports half of it fails.
func (w *Workspace) HasPlugin(name string, text []byte) bool {
	return durable.Holds(filepath.Join(w.PluginDir(), name), text)
}
