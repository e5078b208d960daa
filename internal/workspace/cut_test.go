package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

// cut cuts a file to each shorter length and calls look each time. The file may
// lack its last line break.
func cut(t *testing.T, file string, look func(n int)) {
	t.Helper()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) - 1 {
		if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		look(n)
	}
}

// dot rejects each of its files when the file has been cut short, at any byte.
func TestCutAtEveryByte(t *testing.T) {
	t.Run("a record", func(t *testing.T) {
		w := created(t)
		const name = "build/9b13827/env/dev/records/build"
		r := graph.Record{
			Version: graph.RecordVersion, Step: "build dev@9b13827", State: graph.Succeeded, Key: "k",
			PID: 1, Started: time.Unix(1, 0), Finished: time.Unix(2, 0), Outputs: []byte(`{"run":"r"}`),
		}
		if err := w.Save(name, r); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Load(name); err != nil || got.Key != "k" {
			t.Fatalf("%+v, %v", got, err)
		}
		file, _ := w.RecordFile(name)
		cut(t, file, func(n int) {
			if _, err := w.Load(name); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after %d bytes: %v", n, err)
			}
		})
	})
	t.Run("a ledger", func(t *testing.T) {
		lt := newLedgerTest(t)
		lt.end(lt.begin("dev", "a b"), "a", "b", true)
		cut(t, lt.w.ledgerFile(place), func(n int) {
			if l, err := lt.w.Ledger(place); err == nil {
				t.Errorf("after %d bytes: %+v", n, l)
			}
		})
	})
	t.Run("what is dear to find out", func(t *testing.T) {
		m := created(t).Memo()
		if err := m.Save("dbt", "1.11.16\n"); err != nil {
			t.Fatal(err)
		}
		cut(t, m.file("dbt"), func(n int) {
			if text, ok := m.Lookup("dbt"); ok {
				t.Errorf("after %d bytes: remembers %q", n, text)
			}
		})
	})
	t.Run("the key", func(t *testing.T) {
		w := created(t)
		was := w.Digest("x")
		cut(t, w.file("key"), func(n int) {
			again, err := Open(filepath.Dir(w.Path()))
			if err != nil || again.Digest("x") == was {
				t.Errorf("after %d bytes: the key is still used, %v", n, err)
			}
		})
	})
	t.Run("a commit file", func(t *testing.T) {
		w := created(t)
		c, err := w.Finder().Commit(hash, hash[:7], false)
		if err != nil {
			t.Fatal(err)
		}
		file, text := c.File()
		if err := durable.Write(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cut(t, file, func(n int) {
			// Another name would be another schema.
			if got, err := w.Finder().Commit(hash, hash[:7], false); err != nil || got.Short != c.Short {
				t.Errorf("after %d bytes: it is called %q, %v", n, got.Short, err)
			}
		})
	})
	t.Run("what keeps git out", func(t *testing.T) {
		w := created(t)
		cut(t, w.file(".gitignore"), func(n int) {
			if err := w.Create(); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(w.file(".gitignore")); err != nil || string(text) != "*\n" {
				t.Errorf("after %d bytes: %q, %v", n, text, err)
			}
		})
	})
}
