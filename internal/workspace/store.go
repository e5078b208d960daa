package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

// RecordFile returns the path of a record's file. A record's name is its path
// below .dot, with slashes and without ".json". Other names are an error.
func (w *Workspace) RecordFile(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("%q is not a record's name", name)
	}
	return w.file(filepath.FromSlash(name) + ".json"), nil
}

// Load implements graph.Store.
func (w *Workspace) Load(name string) (graph.Record, error) {
	file, err := w.RecordFile(name)
	if err != nil {
		return graph.Record{}, err
	}
	if below, ok := strings.CutPrefix(name, "build/"); ok {
		if short, _, _ := strings.Cut(below, "/"); w.isBare(short) {
			return graph.Record{}, fs.ErrNotExist
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return graph.Record{}, err
	}
	return graph.ParseRecord(data)
}

// Save implements graph.Store.
func (w *Workspace) Save(name string, r graph.Record) error {
	file, err := w.RecordFile(name)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return durable.Write(file, append(data, '\n'), 0o600)
}

// Records returns the records of a build that can be read, by name.
func (w *Workspace) Records(b Build) (map[string]graph.Record, error) {
	entries, err := os.ReadDir(w.file(filepath.FromSlash(b.Record(""))))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	records := map[string]graph.Record{}
	for _, e := range entries {
		name := b.Record(strings.TrimSuffix(e.Name(), ".json"))
		if r, err := w.Load(name); err == nil {
			records[name] = r
		}
	}
	return records, nil
}
