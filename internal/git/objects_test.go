package git_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git/gittest"
)

func TestObjects(t *testing.T) {
	repo := gittest.New(t)
	odd := "models/with space, ünïcode and \"quotes\".sql"
	repo.Write(odd, "select 1")
	repo.Write("empty", "")
	binary := make([]byte, 1<<20)
	_, _ = rand.Read(binary)
	repo.Write("binary", string(binary))
	check(t, os.Symlink("empty", repo.Path("link")))
	hash := repo.Commit("first")
	repo.Write(odd, "select 2") // not committed

	count := processes(t)
	objects := open(t, repo.Dir).Objects(t.Context())
	for path, want := range map[string]string{odd: "select 1", "empty": "", "binary": string(binary), "link": "empty"} {
		got, err := objects.Read(hash + ":" + path)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %d bytes, %v; want %d", path, len(got), err, len(want))
		}
		id, err := objects.ID(hash + ":" + path)
		if want := repo.Git("rev-parse", hash+":"+path); err != nil || id != want {
			t.Errorf("%s: got id %s, %v; want %s", path, id, err, want)
		}
	}
	for _, path := range []string{"", "models"} {
		id, err := objects.ID(hash + ":" + path)
		if want := repo.Git("rev-parse", hash+":"+path); err != nil || id != want {
			t.Errorf("tree %q: got id %s, %v; want %s", path, id, err, want)
		}
	}
	tree, err := objects.Read(hash + ":models")
	if err != nil || !strings.HasPrefix(string(tree), "100644 with space") {
		t.Errorf("got %q, %v", tree, err)
	}
	for _, name := range []string{hash + ":gone", hash + ":gone missing", "gone:models", hash + ":empty/x", strings.Repeat("0", 40)} {
		if _, err := objects.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := objects.Read(hash + ":a\nb"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name with a line break: %v", err)
	}
	// One process answered all of that; the others are Open's and the test's own.
	check(t, objects.Close())
	if n := count(); n != 1+1+6 {
		t.Errorf("%d git processes, want 8", n)
	}
	check(t, objects.Close())
	if _, err := objects.Read(hash + ":empty"); err != nil {
		t.Errorf("reading after Close starts over: %v", err)
	}
	check(t, objects.Close())
}

func TestFiles(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		repo := gittest.New(t)
		repo.Git("init", "--quiet", "--object-format="+format, "../"+format)
		repo = repo.At("../" + format)
		for _, name := range []string{"top.yml", "shop/odd name.yml", "shop/other", "shop/dir/x", "shop/sub/x"} {
			repo.Write(name, name)
		}
		check(t, os.Symlink("other", repo.Path("shop/link")))
		repo.Git("init", "--quiet", "--object-format="+format, "shop/sub") // a submodule, once it has a commit
		repo.At("shop/sub").Commit("first")
		hash := repo.Commit("first")
		objects := open(t, repo.Dir).Objects(t.Context())
		defer objects.Close()

		id := func(name string) string { return repo.Git("rev-parse", hash+":"+name) }
		for dir, want := range map[string]map[string]string{
			"":            {"top.yml": id("top.yml")},
			"shop":        {"odd name.yml": id("shop/odd name.yml"), "link": id("shop/link")},
			"gone":        {},
			"top.yml":     {}, // is no directory
			"shop/sub":    {}, // is another repository
			"shop/dir/..": {},
		} {
			got, err := objects.Files(hash, dir, "top.yml", "odd name.yml", "link", "dir", "sub", "gone")
			check(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: files in %q (-want +got):\n%s", format, dir, diff)
			}
		}
	}
}

func TestObjectsStartsNothingUnasked(t *testing.T) {
	repo := gittest.New(t)
	r := open(t, repo.Dir)
	count := processes(t)
	check(t, r.Objects(t.Context()).Close())
	if n := count(); n != 0 {
		t.Errorf("%d git processes", n)
	}
}

func TestObjectsOfASubmodule(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("first")
	repo.Git("init", "--quiet", "../super")
	super := repo.At("../super")
	super.Git("submodule", "add", "--quiet", repo.Dir, "sub")
	hash := super.Commit("with sub")
	objects := open(t, super.Dir).Objects(t.Context())
	defer objects.Close()
	if _, err := objects.Read(hash + ":sub"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := objects.Read(hash + ":.gitmodules"); err != nil {
		t.Error(err)
	}
}

func TestObjectsRecover(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("file", "text")
	repo.Commit("first")
	objects := open(t, repo.Dir).Objects(t.Context())
	defer objects.Close()
	_, err := objects.Read("@{u}:file") // git ends when asked for this one
	wantError(t, err, `reading "@{u}:file": git cat-file: no upstream configured for branch 'main'`)
	if text, err := objects.Read("HEAD:file"); err != nil || string(text) != "text" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestObjectsTogether(t *testing.T) {
	repo := gittest.New(t)
	for i := range 20 {
		repo.Write(fmt.Sprint("file", i), strings.Repeat("x", i*1000))
	}
	repo.Commit("first")
	objects := open(t, repo.Dir).Objects(t.Context())
	defer objects.Close()
	var readers sync.WaitGroup
	for i := range 20 {
		readers.Go(func() {
			if text, err := objects.Read(fmt.Sprint("HEAD:file", i)); err != nil || len(text) != i*1000 {
				t.Errorf("file%d: %d bytes, %v", i, len(text), err)
			}
		})
	}
	readers.Wait()
}

func TestObjectsEndWithTheirContext(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("file", "text")
	repo.Commit("first")
	ctx, cancel := context.WithCancelCause(t.Context())
	objects := open(t, repo.Dir).Objects(ctx)
	defer objects.Close()
	_, err := objects.Read("HEAD:file")
	check(t, err)
	why := errors.New("enough")
	cancel(why)
	for err == nil { // git may answer once more before the signal arrives
		_, err = objects.Read("HEAD:file")
	}
	if !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestGrep(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("proj/models/a.sql", "{{ env_var('X') }}")
	repo.Write("proj/models/with space ü\".sql", "-- env_var('X')")
	repo.Write("proj/binary", "\x00\x01 env_var('X')")
	repo.Write("proj/marked.csv", "env_var('X')")
	repo.Write("proj/other.sql", "ENV_VAR('X') envxvar")
	repo.Write("proj2/a.sql", "env_var")
	repo.Write(".gitattributes", "*.csv -diff\n")
	hash := repo.Commit("first")
	repo.Write("proj/new.sql", "env_var")
	second := repo.Commit("second")
	repo.Write("proj/newer.sql", "env_var")
	repo.Git("config", "grep.lineNumber", "true")
	repo.Git("config", "color.ui", "always")
	repo.Git("config", "grep.patternType", "perl")
	r := open(t, repo.Path("proj"))
	all := []string{"proj/binary", "proj/marked.csv", "proj/models/a.sql", "proj/models/with space ü\".sql"}
	for name, test := range map[string]struct {
		path, text string
		want       []string
		more       int // number of files in the second commit
	}{
		"below a directory": {"proj", "env_var", all, 1},
		"everywhere":        {"", "env_var(", all, 0},
		"a file":            {"proj/models/a.sql", "env_var", all[2:3], 0},
		"nothing":           {"proj", "no such text", nil, 0},
		"no such path":      {"gone", "env_var", nil, 0},
		"no pattern":        {"", "env.var", nil, 0},
		"path is no glob":   {"pro*", "env_var", nil, 0},
		"like an option":    {"", "--", []string{"proj/models/with space ü\".sql"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r.Grep(t.Context(), []string{hash, second}, []string{test.path}, test.text)
			check(t, err)
			wantEqual(t, got[hash], test.want)
			if got := len(got[second]); got != len(test.want)+test.more {
				t.Errorf("in the second commit there are %d, want %d more than in the first", got, test.more)
			}
		})
	}
	_, err := r.Grep(t.Context(), []string{strings.Repeat("0", 40)}, []string{""}, "x")
	wantError(t, err, "git grep: ")
	// More commits than a command line has room for: 60,000 hashes are 2.5 MB.
	many := append(slices.Repeat([]string{hash}, 60_000), second)
	got, err := r.Grep(t.Context(), many, []string{"gone"}, "x")
	check(t, err)
	if len(got) > 0 {
		t.Errorf("found %v", got)
	}
	got, err = r.Grep(t.Context(), many[len(many)-600:], []string{"proj"}, "env_var")
	check(t, err)
	if len(got[second]) == 0 {
		t.Error("the last of 600 commits was not searched")
	}
}

func TestObjectsFind(t *testing.T) {
	repo := gittest.New(t)
	odd := "models/with space, ünïcode and \"quotes\"/here.yml"
	for _, name := range []string{"here.yml", odd, "models/nothere.yml", "here.yml.d/x"} {
		repo.Write(name, name)
	}
	hash := repo.Commit("first")
	repo.Write("other/here.yml", "not committed")
	objects := open(t, repo.Dir).Objects(t.Context())
	got, err := objects.Find(hash, "here.yml")
	if diff := cmp.Diff([]string{"here.yml", odd}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := objects.Find(strings.Repeat("0", 40), "here.yml"); err == nil {
		t.Error("no error for a commit that does not exist")
	}
	check(t, objects.Close())
}

// TestLinks proves F.2: dbt reads what links lead to.
func TestLinks(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("app/models/a.sql", "select 1")
	repo.Write("shared/b.sql", "select 2")
	check(t, os.Symlink("../../shared", repo.Path("app/models/shared")))
	check(t, os.Symlink("b.sql", repo.Path("shared/c.sql")))
	first := repo.Commit("links")
	check(t, os.Remove(repo.Path("shared/c.sql")))
	second := repo.Commit("one less")
	objects := open(t, repo.Dir).Objects(t.Context())
	defer objects.Close()
	for _, tt := range []struct {
		commit, dir string
		want        map[string]string
	}{
		{first, "", map[string]string{"app/models/shared": "../../shared", "shared/c.sql": "b.sql"}},
		{second, "", map[string]string{"app/models/shared": "../../shared"}},
		{first, "shared", map[string]string{"shared/c.sql": "b.sql"}},
		{first, "app/models/shared", nil},
		{first, "gone", nil},
	} {
		got, err := objects.Links(tt.commit, tt.dir)
		check(t, err)
		wantEqual(t, got, tt.want)
	}
}
