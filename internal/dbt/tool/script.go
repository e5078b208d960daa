package tool

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// scriptHead is how much of a file is read to recognize dbt's console script. Such scripts have
// some 200 bytes, and an interpreter's path.
const scriptHead = 4 << 10

var (
	dbtImport  = lazy.Regexp(`(?m)^\s*from dbt\.cli\.main import cli\b`)
	shebang    = lazy.Regexp(`^#!\s*(/[^\n]*?)[ \t]*\r?\n`)
	execPython = lazy.Regexp(`^#!/bin/sh\r?\n'''exec' (?:"(/[^"\n]+)"|'(/[^'\n]+)'|(/\S+)) "\$0" "\$@"`)
	distInfo   = lazy.Regexp(`^dbt[-_.]([A-Za-z0-9_.]+?)-([0-9][^-]*)\.dist-info$`)
)

// scriptInterpreter returns the Python interpreter of a console script that pip or uv made for dbt
// 1. It is "" for other files, such as a wrapper that may start any dbt.
func scriptInterpreter(head []byte) string {
	if !dbtImport().Match(head) {
		return ""
	}
	if m := execPython().FindSubmatch(head); m != nil { // installers do this for paths that are long or have spaces
		return string(bytes.Join(m[1:], nil))
	}
	m := shebang().FindSubmatch(head)
	if m == nil {
		return ""
	}
	interpreter := string(m[1])
	if filepath.Base(interpreter) == "sh" || strings.ContainsAny(interpreter, " \t") { // e.g. "/usr/bin/env python"
		return ""
	}
	return interpreter
}

// Interpreter returns the Python interpreter of a console script; "" if the script is not one of
// dbt 1.
func Interpreter(script string) (string, error) {
	if strings.EqualFold(filepath.Ext(script), ".exe") {
		return filepath.Join(filepath.Dir(script), "python.exe"), nil
	}
	head, err := readHead(script)
	if err != nil {
		return "", err
	}
	return scriptInterpreter(head), nil
}

// Installed returns which dbt a console script of pip or uv runs. It reads the names of the
// .dist-info directories beside the script's interpreter, and runs nothing. pythonPath is the
// directories of PYTHONPATH. It is false if there is doubt, as for dbt 2, which is not a Python
// program.
func Installed(script string, pythonPath []string) (Release, bool) {
	patterns, ok := sitePackages(script)
	if !ok {
		return Release{}, false
	}
	dirs := pythonPath // their modules win over installed ones
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return Release{}, false
		}
		dirs = append(dirs, found...)
	}
	versions := map[string]string{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			m := distInfo().FindStringSubmatch(entry.Name())
			if m == nil {
				continue
			}
			name := strings.ToLower(m[1])
			if other, ok := versions[name]; ok && other != m[2] {
				return Release{}, false
			}
			versions[name] = m[2]
		}
	}
	release := Release{Version: versions["core"], Adapters: map[string]string{}}
	for name, version := range versions {
		switch name {
		case "core", "adapters", "common", "extractor", "protos", "semantic_interfaces":
		default:
			release.Adapters[name] = version
		}
	}
	return release, release.Version != ""
}

// sitePackages returns patterns for the directories with a console script's packages. It doesn't
// follow the symbolic links of the interpreter, because they begin in the virtual environment and
// lead out of it.
func sitePackages(script string) ([]string, bool) {
	if strings.EqualFold(filepath.Ext(script), ".exe") {
		if !isDBTLauncher(script) {
			return nil, false
		}
		return []string{filepath.Join(filepath.Dir(filepath.Dir(script)), "Lib", "site-packages")}, true
	}
	head, err := readHead(script)
	if err != nil {
		return nil, false
	}
	interpreter := scriptInterpreter(head)
	if interpreter == "" {
		return nil, false
	}
	prefix := filepath.Dir(filepath.Dir(interpreter))
	return []string{
		filepath.Join(prefix, "lib", "python3*", "site-packages"),
		filepath.Join(prefix, "lib", "python3*", "dist-packages"), // Debian's own Python
	}, true
}

func readHead(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, scriptHead)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// isDBTLauncher reports whether a Windows .exe is the launcher that pip makes for dbt: a program,
// followed by a zip file with the script. Not run on Windows yet.
func isDBTLauncher(file string) bool {
	z, err := zip.OpenReader(file)
	if err != nil {
		return false
	}
	defer z.Close()
	f, err := z.Open("__main__.py")
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, scriptHead))
	return err == nil && dbtImport().Match(text)
}
