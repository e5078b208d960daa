package git_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// history is a repository with the commits first, second and third on main. The branch feature/x is
// at first. both is a branch at second and a tag of third.
func history(t *testing.T) (repo *gittest.Repo, first, second, third string) {
	t.Helper()
	repo = gittest.New(t)
	repo.Write("file", "one")
	first = repo.Commit("first")
	second = repo.Commit("second \x1b[31mred")
	repo.Write("file", "three")
	third = repo.Commit("third one\n\nwith more text")
	repo.Git("branch", "feature/x", first)
	repo.Git("tag", "--annotate", "--message", "a tag", "v1", second)
	repo.Git("tag", "--annotate", "--message", "a tag of a tag", "v1-again", "v1")
	repo.Git("tag", "both", third)
	repo.Git("branch", "both", second)
	return repo, first, second, third
}

func TestResolve(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("branch", "--set-upstream-to", "feature/x", "main")
	r := open(t, repo.Dir)
	for _, test := range []struct{ name, ref, want string }{
		{"HEAD", "HEAD", third},
		{"@", "@", third},
		{"ancestor", "HEAD~2", first},
		{"parent", "HEAD^", second},
		{"parent of @", "@~1", second},
		{"branch", "main", third},
		{"branch with a slash", "feature/x", first},
		{"branch by more of its name", "heads/main", third},
		{"annotated tag", "v1", second},
		{"tag of a tag", "v1-again", second},
		{"peeled tag", "v1^{}", second},
		{"parent of a tag", "v1~1", first},
		{"full hash", first, first},
		{"short hash", second[:7], second},
		{"shortest hash", third[:4], third},
		{"reflog of a branch", "main@{1}", second},
		{"reflog by time", "main@{yesterday}", third},
		{"reflog of HEAD", "HEAD@{2}", first},
		{"upstream of HEAD", "@{u}", first},
		{"upstream of a branch", "main@{upstream}", first},
		{"message", ":/third one", third},
		{"message below a commit", "HEAD^{/^first}", first},
	} {
		t.Run("B.2 "+test.name, func(t *testing.T) {
			commits, err := r.Resolve(t.Context(), []string{test.ref})
			check(t, err)
			if len(commits) != 1 || commits[0].Hash != test.want || commits[0].Ref != test.ref || commits[0].Note != "" {
				t.Errorf("got %+v, want %s", commits, test.want)
			}
		})
	}
}

// TestResolveDescribes proves B.5.
func TestResolveDescribes(t *testing.T) {
	repo, _, second, third := history(t)
	r := open(t, repo.Dir)
	count := processes(t)
	commits, err := r.Resolve(t.Context(), []string{"HEAD~1", "main", "HEAD", "v1", "main"})
	check(t, err)
	if n := count(); n != 2 {
		t.Errorf("%d git processes, want 2", n)
	}
	start := time.Date(2024, time.January, 1, 12, 0, 0, 0, time.UTC)
	commit := func(ref, hash, subject string, minutes time.Duration) git.Commit {
		return git.Commit{Ref: ref, Hash: hash, Short: hash[:7], Subject: subject, Time: start.Add(minutes * time.Minute)}
	}
	tagged := commit("v1", second, "second  [31mred", 1)
	tagged.Tag = strings.TrimSpace(repo.Git("rev-parse", "v1"))
	wantEqual(t, commits, []git.Commit{
		commit("HEAD~1", second, "second  [31mred", 1), commit("main", third, "third one", 2),
		commit("HEAD", third, "third one", 2), tagged, commit("main", third, "third one", 2),
	})
}

// A commit is described while its name is looked up, if that is plain; otherwise afterwards.
func TestResolveDescribesOnce(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("replace", "--graft", third, first) // HEAD~1 is the first commit, as for the user's own git
	r := open(t, repo.Dir)
	for _, test := range []struct {
		refs, hashes []string
		processes    int
	}{
		{[]string{"HEAD", "v1"}, []string{third, second}, 2},
		{[]string{"main@{1}"}, []string{second}, 2},
		{[]string{"v1", "main@{1}"}, []string{second, second}, 2},
		{[]string{"HEAD", "main@{1}"}, []string{third, second}, 3},
		{[]string{"HEAD~1"}, []string{first}, 3},
		{[]string{"HEAD", "HEAD^"}, []string{third, first}, 3},
	} {
		count := processes(t)
		commits, err := r.Resolve(t.Context(), test.refs)
		check(t, err)
		var got []string
		for _, c := range commits {
			got = append(got, c.Hash)
			if c.Short != c.Hash[:7] || c.Time.IsZero() {
				t.Errorf("%q is %+v", test.refs, c)
			}
		}
		wantEqual(t, got, test.hashes)
		if n := count(); n != test.processes {
			t.Errorf("%q: %d git processes, want %d", test.refs, n, test.processes)
		}
	}
}

func TestResolveNothing(t *testing.T) {
	repo, _, _, _ := history(t)
	count := processes(t)
	r := open(t, repo.Dir)
	commits, err := r.Resolve(t.Context(), nil)
	if err != nil || len(commits) != 0 || count() != 1 {
		t.Errorf("got %v, %v", commits, err)
	}
}

// TestResolveIgnoresTaste proves B.5, D.1.
func TestResolveIgnoresTaste(t *testing.T) {
	repo, _, _, third := history(t)
	for _, setting := range []string{
		"log.showSignature=true", "color.ui=always", "log.showNotes=true", "format.pretty=fuller", "log.decorate=full",
		"core.abbrev=12", "core.warnAmbiguousRefs=true", "log.follow=true", "i18n.logOutputEncoding=latin1",
	} {
		name, value, _ := strings.Cut(setting, "=")
		repo.Git("config", name, value)
	}
	commits, err := open(t, repo.Dir).Resolve(t.Context(), []string{"HEAD"})
	check(t, err)
	wantEqual(t, []string{commits[0].Short, commits[0].Subject}, []string{third[:12], "third one"})
}

// TestResolveNotes proves B.2.
func TestResolveNotes(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("clone", "--quiet", ".", "../clone")
	clone := repo.At("../clone")
	r := open(t, clone.Dir)
	commits, err := r.Resolve(t.Context(), []string{"feature/x", "main@{2020-01-01}", "both"})
	check(t, err)
	wantEqual(t, []string{commits[0].Hash, commits[1].Hash, commits[2].Hash}, []string{first, third, third})
	wantEqual(t, commits[0].Note, "from origin/feature/x (no local branch of that name)")
	if !strings.HasPrefix(commits[1].Note, "log for 'main' only goes back to ") {
		t.Errorf("got %q", commits[1].Note)
	}
	wantEqual(t, commits[2].Note, "") // in the clone, only the tag has that name

	commits, err = open(t, repo.Dir).Resolve(t.Context(), []string{"both", "heads/both"})
	check(t, err)
	wantEqual(t, []string{commits[0].Hash, commits[1].Hash}, []string{third, second})
	wantEqual(t, commits[0].Note, "several refs have this name: git prefers a tag to a branch")

	// If two remotes have it, the user must say which.
	clone.Git("remote", "add", "fork", repo.Dir)
	clone.Git("fetch", "--quiet", "fork")
	_, err = r.Resolve(t.Context(), []string{"feature/x"})
	wantError(t, err, `"feature/x" is not a local branch, and several remotes have it`, "fork/feature/x, origin/feature/x")
}

// TestResolveNotesBranchesBehind proves B.6.
func TestResolveNotesBranchesBehind(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("clone", "--quiet", ".", "../clone")
	clone := repo.At("../clone")
	clone.Git("checkout", "--quiet", "feature/x")
	for branch, at := range map[string]string{"level": third, "behind": first, "both-ways": first, "ahead": third, "apart": first} {
		repo.Git("branch", branch, third)
		clone.Git("fetch", "--quiet")
		clone.Git("branch", "--quiet", "--track", branch, "origin/"+branch)
		clone.Git("branch", "--force", branch, at)
	}
	clone.Git("branch", "--unset-upstream", "apart")
	clone.Git("checkout", "--quiet", "both-ways")
	clone.Commit("mine")
	clone.Git("checkout", "--quiet", "ahead")
	clone.Commit("mine too")
	clone.Git("branch", "--force", "main", second)

	for ref, want := range map[string]string{
		"level": "", "ahead": "", "apart": "", "behind~0": "", "HEAD": "",
		"behind": "behind origin/behind by 2 commits", "both-ways": "behind origin/both-ways by 2 commits",
		"main": "behind origin/main by 1 commit",
	} {
		commits, err := open(t, clone.Dir).Resolve(t.Context(), []string{ref})
		check(t, err)
		if got := commits[0].Note; got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

func TestResolveFails(t *testing.T) {
	repo, _, _, third := history(t)
	repo.Git("tag", "onblob", "HEAD:file")
	repo.Git("tag", "--annotate", "--message", "x", "ontree", "HEAD^{tree}")
	r := open(t, repo.Dir)
	for name, test := range map[string]struct {
		ref  string
		says []string
	}{
		"unknown":             {"nonsense-name", []string{`unknown ref "nonsense-name"`, "git fetch"}},
		"a typing error":      {"mian", []string{`unknown ref "mian"`, "did you mean main?"}},
		"of HEAD":             {"HEDA", []string{`unknown ref "HEDA"`, "did you mean HEAD?"}},
		"without its prefix":  {"X", []string{"did you mean feature/x?"}},
		"of another case":     {"Feature/X", []string{"did you mean feature/x?"}},
		"unknown hash":        {strings.Repeat("12", 20), []string{"unknown ref"}},
		"beyond the history":  {"HEAD~50", []string{`unknown ref "HEAD~50"`}},
		"a blob":              {"HEAD:file", []string{`"HEAD:file" is a blob, not a commit`}},
		"a tree":              {"HEAD^{tree}", []string{"is a tree, not a commit"}},
		"the index":           {":file", []string{"is a blob, not a commit"}},
		"a tag of a blob":     {"onblob", []string{`"onblob" is a blob, not a commit`}},
		"a tag of a tree":     {"ontree", []string{`"ontree" is a tag of something that is not a commit`}},
		"no upstream":         {"@{u}", []string{`"@{u}" can't be resolved: no upstream configured for branch 'main'`}},
		"beyond the reflog":   {"HEAD@{99}", []string{`"HEAD@{99}"`}},
		"empty":               {"", []string{`"" can't be a ref: it is empty`}},
		"an option":           {"--all", []string{`"--all" can't be a ref: it starts with "-"`}},
		"a line break":        {"main\nHEAD", []string{`"main\nHEAD" can't be a ref: it holds control characters`}},
		"an escape":           {"\x1b[31m", []string{`can't be a ref: it holds control characters`}},
		"a C1 control":        {"a\u009bb", []string{`can't be a ref: it holds control characters`}},
		"not UTF-8":           {"a\xffb", []string{`can't be a ref: it is not UTF-8`}},
		"looks like missing":  {"x missing", []string{`unknown ref "x missing"`}},
		"looks like a commit": {third + " commit 5", []string{"unknown ref"}},
	} {
		t.Run("B.4 "+name, func(t *testing.T) {
			commits, err := r.Resolve(t.Context(), []string{"main", test.ref, "HEAD"})
			wantError(t, err, test.says...)
			if len(commits) > 0 {
				t.Errorf("got %v beside the error", commits)
			}
		})
	}
}

// TestResolveTellsAllThatFail proves B.4, B.5.
func TestResolveTellsAllThatFail(t *testing.T) {
	repo, _, _, _ := history(t)
	_, err := open(t, repo.Dir).Resolve(t.Context(), []string{"one", "HEAD", "@{u}", "-two", "one", "HEAD:file"})
	wantError(t, err)
	wantEqual(t, err.Error(), `unknown ref "one"; "@{u}" can't be resolved: no upstream configured for branch 'main'; `+
		`"-two" can't be a ref: it starts with "-"; "HEAD:file" is a blob, not a commit`)
}

// TestResolveWithoutCommits proves B.4.
func TestResolveWithoutCommits(t *testing.T) {
	repo := gittest.New(t)
	_, err := open(t, repo.Dir).Resolve(t.Context(), []string{"HEAD"})
	wantError(t, err, "HEAD has no commit yet", "git commit")
}

// TestResolveInAShallowClone proves B.4.
func TestResolveInAShallowClone(t *testing.T) {
	repo, first, _, third := history(t)
	repo.Git("clone", "--quiet", "--depth=1", "file://"+repo.Dir, "../shallow")
	r := open(t, repo.Path("../shallow"))
	commits, err := r.Resolve(t.Context(), []string{"HEAD"})
	check(t, err)
	wantEqual(t, commits[0].Hash, third)
	for _, ref := range []string{"HEAD~1", first, "v1"} {
		_, err = r.Resolve(t.Context(), []string{ref})
		wantError(t, err, "unknown ref", "this clone is shallow", "git fetch --unshallow")
	}
}

// ambiguous makes commits until the hashes of two begin with the same four characters, which it
// returns. It also returns four characters that only one commit and a blob share.
func ambiguous(t *testing.T, repo *gittest.Repo) (twoCommits, commitAndBlob, commit string) {
	t.Helper()
	tree := repo.Git("write-tree")
	byStart := map[string]string{}
	for i := 0; twoCommits == ""; i++ {
		hash := repo.Git("commit-tree", tree, "-m", fmt.Sprint(i))
		if other := byStart[hash[:4]]; other != "" && other != hash {
			twoCommits = hash[:4]
		}
		byStart[hash[:4]] = hash
	}
	var contents []string
	for i := range 20000 {
		contents = append(contents, fmt.Sprint("blob ", i))
	}
	for _, content := range contents {
		start := blobHash(content)[:4]
		if hash := byStart[start]; hash != "" && start != twoCommits {
			repo.Write("blob", content)
			repo.Git("hash-object", "-w", "blob")
			return twoCommits, start, hash
		}
	}
	t.Fatal("no blob starts like a commit")
	return "", "", ""
}

// TestResolveShortHashes proves B.2, B.4.
func TestResolveShortHashes(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("first")
	twoCommits, commitAndBlob, commit := ambiguous(t, repo)
	r := open(t, repo.Dir)
	_, err := r.Resolve(t.Context(), []string{twoCommits})
	candidates := strings.Fields(repo.Git("rev-parse", "--disambiguate="+twoCommits))
	slices.Sort(candidates)
	wantError(t, err, fmt.Sprintf("%q is ambiguous: it fits several objects, among them the commits %s", twoCommits, candidates[0]),
		candidates[1], "give more of its characters")

	commits, err := r.Resolve(t.Context(), []string{commitAndBlob})
	check(t, err)
	wantEqual(t, commits[0].Hash, commit)
	if !strings.HasPrefix(commit, commits[0].Short) || len(commits[0].Short) < 5 {
		t.Errorf("short hash %s", commits[0].Short)
	}
}

// TestResolveSHA256 proves B.2.
func TestResolveSHA256(t *testing.T) {
	repo := gittest.New(t)
	dir := repo.Path("../sha256")
	if out, err := exec.Command("git", "init", "--quiet", "--object-format=sha256", dir).CombinedOutput(); err != nil {
		t.Skipf("this git can't: %s", out)
	}
	repo = repo.At(dir)
	hash := repo.Commit("first")
	r := open(t, dir)
	commits, err := r.Resolve(t.Context(), []string{"HEAD", hash[:6]})
	check(t, err)
	if len(hash) != 64 || commits[0].Hash != hash || commits[1].Hash != hash {
		t.Errorf("got %+v, want %s", commits, hash)
	}
	path := repo.Path(".dot/worktree")
	check(t, r.AddWorktree(t.Context(), path, hash, nil))
	check(t, r.CheckWorktree(path, hash))
}

func TestResolveCancelled(t *testing.T) {
	repo, _, _, _ := history(t)
	r := open(t, repo.Dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := r.Resolve(ctx, []string{"HEAD"}); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// blobHash returns git's hash for a file with that content.
func blobHash(content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)))
}

// TestBetween proves A.4: a range lists all its commits, the oldest first, across merges, too.
func TestBetween(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("switch", "--quiet", "feature/x")
	repo.Write("other", "side")
	side := repo.Commit("side")
	repo.Git("switch", "--quiet", "main")
	repo.Git("merge", "--quiet", "--message", "merge", "feature/x")
	merge := repo.Git("rev-parse", "HEAD")
	r := open(t, repo.Dir)
	for _, test := range []struct {
		name, from, to string
		want           []string
	}{
		{"a line", first, third, []string{second, third}},
		{"over a merge", second, merge, []string{third, side, merge}},
		{"nothing", third, first, nil},
		{"the same", third, third, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			commits, err := r.Between(t.Context(), test.from, test.to)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range commits {
				if c.Short == "" || c.Ref != c.Short || !strings.HasPrefix(c.Hash, c.Short) || c.Time.IsZero() || c.Subject == "" {
					t.Errorf("not described: %+v", c)
				}
				got = append(got, c.Hash)
			}
			slices.Sort(got[:max(0, len(got)-1)]) // git may list the commits of two branches in any order
			slices.Sort(test.want[:max(0, len(test.want)-1)])
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestMergeBase(t *testing.T) {
	repo, first, second, third := history(t)
	repo.Git("switch", "--quiet", "--create", "side", second)
	repo.Write("other", "side")
	side := repo.Commit("side")
	repo.Git("switch", "--quiet", "--orphan", "alone")
	repo.Write("another", "alone")
	alone := repo.Commit("alone")
	r := open(t, repo.Dir)
	for _, test := range []struct{ name, a, b, want string }{
		{"where a branch left", third, side, second},
		{"an ancestor", third, first, first},
		{"the same", third, third, third},
		{"none", third, alone, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := r.MergeBase(t.Context(), test.a, test.b)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}
