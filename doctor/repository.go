package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/ignore"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/steps"
)

// repository checks the repository, and dot's directory in it.
func (e *examination) repository() {
	repo, err := git.Open(e.ctx, e.patient.Dir)
	if err != nil {
		e.problem("repository", err.Error(), hint.Of(err)...)
		return
	}
	text := repo.Root
	if repo.Top != repo.Root {
		text = fmt.Sprintf("%s, a worktree of %s", repo.Top, repo.Root)
	}
	e.ok("repository", text)
	for _, dir := range []string{repo.CommonDir, filepath.Join(repo.CommonDir, "worktrees")} {
		if err := workspace.CheckWritable(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			e.problem("repository", fmt.Sprintf("%s: %v: git keeps dot's worktrees there", dir, err), letWrite(dir, err, "-R"))
			break
		}
	}
	ws, err := workspace.Open(repo.Root)
	if err != nil {
		e.problem(workspace.Dir, err.Error())
		return
	}
	e.ignored(repo, ws)
	e.vsCode(repo, ws)
	e.workspace(ws)
	if ws.Exists() {
		e.worktrees(repo, ws)
		e.staleWorktrees(repo)
		e.locks(ws)
		e.ok("warehouse", "not asked: dot status --check says what is missing there, and which schemas have no build")
	}
	e.temporary()
}

// ignored checks that the repository's own rules make git ignore .dot.
func (e *examination) ignored(repo *git.Repo, ws *workspace.Workspace) {
	switch ignored, err := repo.Ignores(e.ctx, workspace.Dir); {
	case err != nil:
		e.warn(".gitignore", err.Error(), hint.Of(err)...)
	case !ignored && settled(ws, "gitignore"):
		e.ok(".gitignore", "lacks .dot/, as you chose")
	case !ignored:
		e.warn(".gitignore", "the repository's ignore rules lack .dot/, where builds are kept",
			"echo .dot/ >> "+text.ShellQuote([]string{filepath.Join(repo.Root, ".gitignore")}))
	default:
		e.ok(".gitignore", "has .dot/")
	}
}

// vsCode checks that VS Code, if it is used, ignores .dot.
func (e *examination) vsCode(repo *git.Repo, ws *workspace.Workspace) {
	if _, err := os.Stat(filepath.Join(repo.Root, ".vscode")); err != nil && e.getenv("TERM_PROGRAM") != "vscode" {
		return
	}
	switch lacks := ignore.VSCodeLacks(repo.Root); {
	case lacks && settled(ws, "vscode"):
		e.ok("VS Code", "searches and watches .dot/, as you chose")
	case lacks:
		e.warn("VS Code", "it searches and watches every build in .dot/",
			"put this into "+filepath.Join(repo.Root, ".vscode", "settings.json")+":\n"+ignore.VSCodeSnippet())
	default:
		e.ok("VS Code", "ignores .dot/")
	}
}

// settled reports whether the user has answered never to a prompt.
func settled(ws *workspace.Workspace, prompt string) bool {
	disabled, err := ws.PromptDisabled(prompt)
	return disabled && err == nil
}

// workspace checks the files in .dot.
func (e *examination) workspace(ws *workspace.Workspace) {
	if !ws.Exists() {
		if err := workspace.CheckWritable(filepath.Dir(ws.Path())); err != nil {
			e.problem(workspace.Dir, fmt.Sprintf("missing, and it can't be made in %s: %v", filepath.Dir(ws.Path()), err), letWrite(filepath.Dir(ws.Path()), err))
			return
		}
		e.ok(workspace.Dir, "missing: the first build makes it")
		return
	}
	flaws, err := ws.Examine(e.patient.Now())
	if err != nil {
		e.problem(workspace.Dir, err.Error())
		return
	}
	for _, flaw := range flaws {
		e.flaw(flaw)
	}
	if len(flaws) == 0 {
		e.ok(workspace.Dir, "no problems in "+ws.Path())
	}
}

func (e *examination) flaw(f workspace.Flaw) {
	words := fmt.Sprintf("%s: %v", f.Path, f.Err)
	command := func(words ...string) string { return text.ShellQuote(append(words, f.Path)) }
	switch f.Kind {
	case workspace.BadRecord:
		e.warn(workspace.Dir, words, "nothing to do: its step runs again and replaces it")
	case workspace.BadLedger:
		e.problem(workspace.Dir, words, "rebuild your baselines with --force: that replaces it")
	case workspace.BadKey:
		e.warn(workspace.Dir, words, "nothing to do")
	case workspace.Leftover:
		e.warn(workspace.Dir, words, command("rm"))
	case workspace.Exposed:
		e.problem(workspace.Dir, words, command("chmod", "600"))
	case workspace.Fixed:
		e.problem(workspace.Dir, words, letWrite(f.Path, f.Err, "-R"))
	case workspace.Closed:
		e.problem(workspace.Dir, words, command("chmod", "u+rwx"))
	default:
		e.problem(workspace.Dir, words, hint.Of(f.Err)...)
	}
}

// letWrite is the command that lets this user write to a directory; with -R also to what is in it.
func letWrite(dir string, err error, flags ...string) string {
	if fixed := (*workspace.FixedError)(nil); errors.As(err, &fixed) && fixed.Foreign {
		return "as its owner or root: " + text.ShellQuote(slices.Concat([]string{"chown"}, flags, []string{strconv.Itoa(os.Geteuid()), dir}))
	}
	return text.ShellQuote(slices.Concat([]string{"chmod"}, flags, []string{"u+w", dir}))
}

// worktrees checks that each worktree is at its commit, and that git knows it.
func (e *examination) worktrees(repo *git.Repo, ws *workspace.Workspace) {
	commits, err := ws.Commits()
	if err != nil {
		e.problem("worktrees", err.Error())
		return
	}
	registered, err := repo.Registered(ws.Path())
	if err != nil {
		e.problem("worktrees", err.Error())
		return
	}
	hashes := make([]string, len(commits))
	for i, commit := range commits {
		hashes[i] = commit.Hash
	}
	known, err := repo.Known(e.ctx, hashes)
	if err != nil {
		e.problem("worktrees", err.Error())
		return
	}
	whole := 0
	for _, commit := range commits {
		path := commit.Worktree()
		registered = slices.DeleteFunc(registered, func(r string) bool { return r == path })
		err := repo.CheckWorktree(path, commit.Hash)
		_, here := known[commit.Hash]
		var moved *git.MovedError
		switch {
		case e.unused(ws, commit):
			e.warn("worktrees", path+": no build uses it", removeWorktree(path))
		case err == nil:
			whole++
		case errors.As(err, &moved):
			e.warn("worktrees", fmt.Sprintf("%s: %v", path, err), "--reset-worktree checks the commit out again with the next build of "+commit.Short)
		case !here:
			e.warn("worktrees", fmt.Sprintf("%s: %v, and git doesn't have the commit any more", path, err), "dot prune --gone says how its builds can be dropped")
		default:
			e.warn("worktrees", fmt.Sprintf("%s: %v", path, err), "nothing to do: the next build of "+commit.Short+" makes it again")
		}
	}
	for _, path := range registered { // of no commit with a directory
		what := "dot doesn't know its commit"
		if _, err := os.Stat(path); err != nil {
			what = "registered with git, but missing"
		} else if e.held(ws, workspace.Commit{Short: filepath.Base(filepath.Dir(path))}) {
			continue
		}
		e.warn("worktrees", path+": "+what, removeWorktree(path))
	}
	if whole == len(commits) {
		e.ok("worktrees", fmt.Sprintf("%d, each at its commit", whole))
	}
}

// staleWorktrees names the worktrees that git knows at the path of the repository before it was moved.
func (e *examination) staleWorktrees(repo *git.Repo) {
	stale, err := repo.Stale()
	if err != nil {
		e.problem("worktrees", err.Error())
		return
	}
	for _, path := range stale {
		e.warn("worktrees", path+": git has dot's worktree there, from before the repository was moved; it is missing, and locked", removeWorktree(path))
	}
}

// unused reports whether a commit has a worktree and no build: preparing the first one was stopped, or
// the builds were removed by hand. One that is being made is in use.
func (e *examination) unused(ws *workspace.Workspace, commit workspace.Commit) bool {
	_, err := os.Stat(commit.Worktree())
	return err == nil && len(commit.Builds()) == 0 && !e.held(ws, commit)
}

// held reports whether somebody works on a commit's worktree, or uses it.
func (e *examination) held(ws *workspace.Workspace, commit workspace.Commit) bool {
	return ws.Locker("").Holder(steps.CommitLock(commit)) != ""
}

// removeWorktree is the command that removes a worktree of dot's, which is locked.
func removeWorktree(path string) string {
	return "git worktree remove --force --force " + text.ShellQuote([]string{path})
}

// temporary names temporary directories that were left behind. They may have a profile in them.
func (e *examination) temporary() {
	const shown = 3
	left := steps.LeftBehind(e.patient.World)
	if len(left) == 0 {
		return
	}
	words := strings.Join(left[:min(len(left), shown)], ", ")
	if more := len(left) - shown; more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	e.warn("leftovers", "temporary directories of a dot that was killed: "+words, text.ShellQuote(append([]string{"rm", "-r"}, left...)))
}

// locks lists the locks that are held.
func (e *examination) locks(ws *workspace.Workspace) {
	held, err := ws.Locker("").Held()
	if err != nil {
		e.problem("locks", err.Error())
		return
	}
	for _, lock := range held {
		e.ok("locks", fmt.Sprintf("%s is held by %s", lock.Name, lock.Holder))
	}
	if len(held) == 0 {
		e.ok("locks", "none is held")
	}
}
