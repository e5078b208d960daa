// Package editors tests that editors know dot's files: it runs the YAML language server that VS Code
// and others run. It needs the environment variable DOT_TEST_EDITORS, a directory in which the
// packages of package.json are installed.
package editors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// patience is how long a test waits for the server.
const patience = time.Minute

// server is a running language server.
type server struct {
	t       *testing.T
	conn    *jsonrpc2.Conn
	dir     string
	version int
	// found are the problems of a file, each time that the server has looked at it.
	found chan published
}

type published struct {
	URI         string       `json:"uri"`
	Version     int          `json:"version"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type diagnostic struct {
	Message string `json:"message"`
	Range   struct {
		Start position `json:"start"`
	} `json:"range"`
}

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// pipe is a program's input and output.
type pipe struct {
	io.Reader
	io.WriteCloser
}

// start starts the server on a directory. It may not use the network.
func start(t *testing.T, dir string) *server {
	t.Helper()
	tools := os.Getenv("DOT_TEST_EDITORS")
	if tools == "" {
		t.Skip("DOT_TEST_EDITORS is not set: run make test-editors")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, filepath.Join(tools, "node_modules", ".bin", "yaml-language-server"), "--stdio")
	// A proxy that doesn't exist: a schema from the network would fail the test.
	cmd.Env = append(os.Environ(), "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, found: make(chan published, 100)}
	s.conn = jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(pipe{out, in}, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.HandlerWithError(s.handle))
	t.Cleanup(func() {
		_ = s.conn.Close()
		cancel()
		_ = cmd.Wait()
	})
	s.call("initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": uri(dir),
		"workspaceFolders": []any{map[string]any{"uri": uri(dir), "name": "project"}},
		"capabilities": map[string]any{
			"workspace":    map[string]any{"configuration": true},
			"textDocument": map[string]any{"publishDiagnostics": map[string]any{"versionSupport": true}},
		},
	}, nil)
	s.notify("initialized", map[string]any{})
	return s
}

// handle answers the server: its questions for settings, and what it finds.
func (s *server) handle(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	switch req.Method {
	case "workspace/configuration":
		var params struct {
			Items []struct {
				Section string `json:"section"`
			} `json:"items"`
		}
		if err := json.Unmarshal(*req.Params, &params); err != nil {
			return nil, err
		}
		settings := make([]any, len(params.Items))
		for i, item := range params.Items {
			if item.Section == "yaml" {
				settings[i] = map[string]any{"validate": true, "completion": true, "hover": true, "schemaStore": map[string]any{"enable": false}}
			}
		}
		return settings, nil
	case "textDocument/publishDiagnostics":
		var found published
		if err := json.Unmarshal(*req.Params, &found); err != nil {
			return nil, err
		}
		s.found <- found
	}
	return nil, nil
}

func (s *server) call(method string, params, result any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if err := s.conn.Call(ctx, method, params, result); err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
}

func (s *server) notify(method string, params any) {
	s.t.Helper()
	if err := s.conn.Notify(s.t.Context(), method, params); err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
}

func uri(path string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// open opens a text as a file of the directory, and returns the file's URI. Each has a name of its own:
// the server says something of a file that is closed, too.
func (s *server) open(name, text string) string {
	s.t.Helper()
	s.version++
	file := uri(filepath.Join(s.dir, fmt.Sprintf("%d-%s", s.version, name)))
	s.notify("textDocument/didOpen", map[string]any{
		"textDocument": map[string]any{"uri": file, "languageId": "yaml", "version": s.version, "text": text},
	})
	s.t.Cleanup(func() {
		_ = s.conn.Notify(context.Background(), "textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": file}})
	})
	return file
}

// problems returns what the server finds in a text, with lines from 1 on.
func (s *server) problems(name, text string) (found []string) {
	s.t.Helper()
	file := s.open(name, text)
	timeout := time.After(patience)
	for {
		select {
		case p := <-s.found:
			if p.URI != file || p.Version != 0 && p.Version != s.version {
				continue
			}
			for _, d := range p.Diagnostics {
				found = append(found, lineOf(text, d.Range.Start.Line)+": "+d.Message)
			}
			return found
		case <-timeout:
			s.t.Fatalf("the server says nothing of %s", name)
		}
	}
}

// lineOf returns a line of a text, without indentation.
func lineOf(text string, n int) string { return strings.TrimSpace(strings.Split(text, "\n")[n]) }

// completions returns what the server offers where the text has a |.
func (s *server) completions(name, text string) []string {
	s.t.Helper()
	before, after, ok := strings.Cut(text, "|")
	if !ok {
		s.t.Fatal("no | says where")
	}
	file := s.open(name, before+after)
	lines := strings.Split(before, "\n")
	var result struct {
		Items []struct {
			Label string `json:"label"`
		} `json:"items"`
	}
	s.call("textDocument/completion", map[string]any{
		"textDocument": map[string]any{"uri": file},
		"position":     position{len(lines) - 1, len(lines[len(lines)-1])},
	}, &result)
	var labels []string
	for _, item := range result.Items {
		labels = append(labels, item.Label)
	}
	slices.Sort(labels)
	return labels
}

// project makes a dbt project with what dot init-config writes there, as in a fresh clone: a copy in
// which only the files are that git would have.
func project(t *testing.T) (dir, environments string) {
	t.Helper()
	if os.Getenv("DOT_TEST_EDITORS") == "" {
		t.Skip("DOT_TEST_EDITORS is not set: run make test-editors")
	}
	root := t.TempDir()
	dot := filepath.Join(root, "dot")
	if out, err := exec.Command("go", "build", "-o", dot, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first := filepath.Join(root, "first")
	for name, text := range map[string]string{
		"dbt_project.yml": "name: shop\nprofile: shop\n",
		"profiles.yml":    "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: a.duckdb}\n    prod: {type: duckdb, path: a.duckdb}\n",
	} {
		if err := errors.Join(os.MkdirAll(first, 0o755), os.WriteFile(filepath.Join(first, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(dot, "init-config")
	cmd.Dir = first
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir = filepath.Join(root, "clone")
	if err := errors.Join(os.CopyFS(dir, os.DirFS(first)), os.RemoveAll(first)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "dot_environments.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, string(text)
}

func TestYAMLLanguageServer(t *testing.T) {
	dir, environments := project(t)
	const file = "dot_environments.yml"
	line, _, _ := strings.Cut(environments, "\n")
	varsLine := "# yaml-language-server: $schema=dot_schemas/dot_vars.schema.json"
	s := start(t, dir)

	t.Run("nothing is wrong with the new file", func(t *testing.T) {
		s := s.in(t)
		if got := s.problems(file, environments); len(got) > 0 {
			t.Errorf("it reports %q", got)
		}
	})
	for _, tt := range []struct{ name, file, text, want string }{
		{"a wrong key of environment", file, line + "\nenvironments:\n  dev: {}\n", "environments:: Property environments is not allowed."},
		{"a wrong flag", file, line + "\nenvironment:\n  dev:\n    tarket: dev\n", "tarket: dev: Property tarket is not allowed."},
		{"a wrong setting", file, line + "\nenvironment:\n  dev:\n    dot:\n      max-agee: 12h\n", "max-agee: 12h: Property max-agee is not allowed."},
		{"a wrong value", file, line + "\nenvironment:\n  dev:\n    dot:\n      max-age: 12x\n", "max-age: 12x: "},
		{"a wrong key of a variable", "dot_vars.yml", varsLine + "\nvars:\n  currency:\n    strct: true\n", "strct: true: Property strct is not allowed."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := s.in(t)
			got := s.problems(tt.file, tt.text)
			if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("it reports %q, want %q", got, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		name, file, text string
		want, without    []string
	}{
		{"a key at the top", file, line + "\nenv|", []string{"environment"}, []string{"vars"}},
		{"a flag of dbt's", file, line + "\nenvironment:\n  dev:\n    full|", []string{"full-refresh"}, []string{"max-age"}},
		{"a setting", file, line + "\nenvironment:\n  dev:\n    dot:\n      ma|", []string{"max-age", "shared-schemas", "compare"}, []string{"threads"}},
		{"a setting of compare", file, line + "\nenvironment:\n  all:\n    dot:\n      compare:\n        ig|", []string{"ignore-columns"}, []string{"max-age"}},
		{"a key of a variable", "dot_vars.yml", varsLine + "\nvars:\n  currency:\n    |", []string{"description", "required", "strict", "values"}, nil},
	} {
		t.Run("completes "+tt.name, func(t *testing.T) {
			s := s.in(t)
			got := s.completions(tt.file, tt.text)
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("it doesn't offer %s, but %q", want, got)
				}
			}
			for _, other := range tt.without {
				if slices.Contains(got, other) {
					t.Errorf("it offers %s", other)
				}
			}
		})
	}
}

// in is the server for a part of a test.
func (s *server) in(t *testing.T) *server { s.t = t; return s }
