package ignore

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tailscale/hujson"
)

const fresh = `{
    "search.exclude": {
        "**/.dot": true,
        "**/.dot/**": true
    },
    "files.watcherExclude": {
        "**/.dot/**": true
    }
}
`

func TestWithExclusions(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"no text":        {"", fresh},
		"empty object":   {"{}", strings.TrimSuffix(fresh, "\n")},
		"spaces in it":   {"{ }\n", "{" + strings.TrimSuffix(strings.TrimPrefix(fresh, "{"), "}\n") + " }\n"},
		"lines in it":    {"{\n}\n", fresh},
		"only a comment": {"// mine", "// mine\n" + fresh},
		"other settings": {
			"{\n    \"editor.tabSize\": 2\n}\n",
			"{\n    \"editor.tabSize\": 2,\n" + strings.TrimPrefix(fresh, "{\n"),
		},
		"comments and a trailing comma": {
			`// mine
{
  // how wide
  "editor.tabSize": 2, // two
  /* not seen */
  "files.exclude": { "target": true, }, // done
  // the end
}
// after it`,
			`// mine
{
  // how wide
  "editor.tabSize": 2, // two
  /* not seen */
  "files.exclude": { "target": true, }, // done
  // the end
  "search.exclude": {
    "**/.dot": true,
    "**/.dot/**": true
  },
  "files.watcherExclude": {
    "**/.dot/**": true
  },
}
// after it`,
		},
		"a comment behind the last one": {
			"{\n\t\"a\": 1 // one\n}",
			"{\n\t\"a\": 1, // one\n\t\"search.exclude\": {\n\t\t\"**/.dot\": true,\n\t\t\"**/.dot/**\": true\n\t},\n\t\"files.watcherExclude\": {\n\t\t\"**/.dot/**\": true\n\t}\n}",
		},
		"CRLF, tabs, byte order mark": {
			"\ufeff{\r\n\t\"a\": 1\r\n}\r\n",
			"\ufeff{\r\n\t\"a\": 1,\r\n\t\"search.exclude\": {\r\n\t\t\"**/.dot\": true,\r\n\t\t\"**/.dot/**\": true\r\n\t},\r\n\t\"files.watcherExclude\": {\r\n\t\t\"**/.dot/**\": true\r\n\t}\r\n}\r\n",
		},
		"on one line": {
			`{"a": 1}`,
			`{"a": 1, "search.exclude": {"**/.dot": true, "**/.dot/**": true}, "files.watcherExclude": {"**/.dot/**": true}}`,
		},
		"on one line with a trailing comma": {
			`{"a": 1,}`,
			`{"a": 1, "search.exclude": {"**/.dot": true, "**/.dot/**": true}, "files.watcherExclude": {"**/.dot/**": true},}`,
		},
		"exclusions of other things": {
			`{
  "search.exclude": {
    "target": true // dbt's
  },
  "files.watcherExclude": {"**/target/**": true}
}`,
			`{
  "search.exclude": {
    "target": true, // dbt's
    "**/.dot": true,
    "**/.dot/**": true
  },
  "files.watcherExclude": {"**/target/**": true, "**/.dot/**": true}
}`,
		},
		"empty exclusions": {
			"{\n  \"search.exclude\": {},\n  \"files.watcherExclude\": {\n  }\n}",
			"{\n  \"search.exclude\": {\n    \"**/.dot\": true,\n    \"**/.dot/**\": true\n  },\n  \"files.watcherExclude\": {\n    \"**/.dot/**\": true\n  }\n}",
		},
		"one is there": {
			"{\n  \"search.exclude\": {\"**/.dot/**\": true},\n  \"files.watcherExclude\": {\"**/.dot/**\": true}\n}",
			"{\n  \"search.exclude\": {\"**/.dot/**\": true, \"**/.dot\": true},\n  \"files.watcherExclude\": {\"**/.dot/**\": true}\n}",
		},
		"false is respected": {
			"{\"search.exclude\": {\"**/.dot\": false, \"**/.dot/**\": false}, \"files.watcherExclude\": {\"**/.dot/**\": false}}",
			"{\"search.exclude\": {\"**/.dot\": false, \"**/.dot/**\": false}, \"files.watcherExclude\": {\"**/.dot/**\": false}}",
		},
		"all is there, written otherwise": {
			`{"search.exclude":{"\u002a*/.dot":true,"**\/.dot/**":true},"files.watcherExclude":{"**/.dot/**":true}}`,
			`{"search.exclude":{"\u002a*/.dot":true,"**\/.dot/**":true},"files.watcherExclude":{"**/.dot/**":true}}`,
		},
		"of two the last counts": {
			`{"search.exclude": {"**/.dot": true, "**/.dot/**": true}, "files.watcherExclude": {"**/.dot/**": true}, "search.exclude": {"x": true}}`,
			`{"search.exclude": {"**/.dot": true, "**/.dot/**": true}, "files.watcherExclude": {"**/.dot/**": true}, "search.exclude": {"x": true, "**/.dot": true, "**/.dot/**": true}}`,
		},
	}
	for name, tt := range tests {
		t.Run("H.2 "+name, func(t *testing.T) {
			got, err := withExclusions([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWithExclusionsRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"cut short":          {"{\n  \"a\": 1,\n", "3:1: "},
		"no comma":           {"{\n  \"ä\": 1  \"b\": 2\n}", "2:11: "},
		"a list":             {"\n  []", "2:3: "},
		"exclusions as list": {"{\n  \"search.exclude\": [\"x\"]\n}", "2:21: the value of search.exclude"},
		"null":               {`{"files.watcherExclude": null}`, "1:26: the value of files.watcherExclude"},
		"two values":         {"{}{}", "1:3: "},
	}
	for name, tt := range tests {
		t.Run("H.2 "+name, func(t *testing.T) {
			got, err := withExclusions([]byte(tt.text))
			if err == nil {
				t.Fatalf("got %q", got)
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %q, want %q…", err, tt.want)
			}
		})
	}
}

func TestSyntaxErrorShowsNothingOfTheFile(t *testing.T) {
	_, err := withExclusions([]byte("{\"token\": hunter2}"))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func FuzzWithExclusions(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := withExclusions(text)
		if err != nil {
			return
		}
		// Nothing was removed: without the insertions, the text is the old one.
		rest := got
		for _, b := range text {
			i := strings.IndexByte(string(rest), b)
			if i < 0 {
				t.Fatalf("%q became %q", text, got)
			}
			rest = rest[i+1:]
		}
		// The values are the old ones and all exclusions.
		before, after := values(t, text), values(t, got)
		for _, e := range exclusions {
			was, _ := before[e.setting].(map[string]any)
			is, ok := after[e.setting].(map[string]any)
			for _, p := range e.patterns {
				if _, there := is[p]; !there {
					t.Fatalf("%s lacks %s: %q became %q", e.setting, p, text, got)
				}
				if _, there := was[p]; !there {
					delete(is, p)
				}
			}
			if _, there := before[e.setting]; !there && ok && len(is) == 0 {
				delete(after, e.setting)
			}
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%q became %q:\n%s", text, got, diff)
		}
		again, err := withExclusions(got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("%q became %q the second time, %v", got, again, err)
		}
	})
}

// values decodes a text of JSON with comments.
func values(t *testing.T, text []byte) map[string]any {
	t.Helper()
	plain, err := hujson.Standardize([]byte(strings.TrimPrefix(string(text), byteOrderMark) + "\n"))
	out := map[string]any{}
	if err != nil { // only comments
		return out
	}
	if err := json.Unmarshal(plain, &out); err != nil {
		var number *json.UnmarshalTypeError
		if errors.As(err, &number) {
			t.Skip(err) // 1e999: VS Code accepts it, encoding/json doesn't
		}
		t.Fatal(err)
	}
	return out
}

func TestAddToVSCode(t *testing.T) {
	const name = ".vscode/settings.json"
	t.Run("H.2 makes one", func(t *testing.T) {
		root := t.TempDir()
		if !VSCodeLacks(root) {
			t.Error("none lacks nothing")
		}
		if err := AddToVSCode(root); err != nil {
			t.Fatal(err)
		}
		holds(t, root, name, fresh)
		if VSCodeLacks(root) {
			t.Error("still lacks something")
		}
	})
	t.Run("H.2 keeps what is there", func(t *testing.T) {
		root := file(t, name, `{"a": 1}`, 0o644)
		if err := AddToVSCode(root); err != nil {
			t.Fatal(err)
		}
		if VSCodeLacks(root) {
			t.Error("still lacks something")
		}
		alone(t, filepath.Join(root, ".vscode"), "settings.json")
	})
	t.Run("H.2 unparsable", func(t *testing.T) {
		root := file(t, name, "{\"a\": 1", 0o644)
		if !VSCodeLacks(root) {
			t.Error("lacks nothing")
		}
		if err := AddToVSCode(root); err == nil || !strings.Contains(err.Error(), "settings.json:1:8: ") {
			t.Errorf("got %v", err)
		}
		holds(t, root, name, "{\"a\": 1")
	})
	t.Run("H.2 read-only", func(t *testing.T) {
		root := file(t, name, "{}", 0o444)
		if err := AddToVSCode(root); err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("got %v", err)
		}
		holds(t, root, name, "{}")
	})
	t.Run("H.2 too large", func(t *testing.T) {
		root := file(t, name, strings.Repeat("[", maxBytes+1), 0o644)
		if err := AddToVSCode(root); err == nil || !strings.Contains(err.Error(), "larger") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("H.2 symbolic link", func(t *testing.T) {
		elsewhere := file(t, "settings.json", "{}", 0o644)
		root := t.TempDir()
		if err := os.Symlink(elsewhere, filepath.Join(root, ".vscode")); err != nil {
			t.Skip(err)
		}
		if err := AddToVSCode(root); err == nil {
			t.Error("no error")
		}
		holds(t, elsewhere, "settings.json", "{}")
	})
}

func TestVSCodeSnippet(t *testing.T) {
	if diff := cmp.Diff(strings.TrimSuffix(fresh, "\n"), VSCodeSnippet()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
