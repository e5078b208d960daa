package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// WorkingTree is the ref of the working tree as it is now. No ref of git's is called like that.
const WorkingTree = "."

// A Draft says what the commit for [WorkingTree] is: the files that git add --all would add, on top
// of HEAD's commit. Files that git ignores are not in it.
//
// The same files on the same HEAD make the same commit: its author and message are fixed, and its
// date is HEAD's. If nothing differs from HEAD, it is HEAD's commit itself.
type Draft struct {
	Base  Commit // HEAD's
	Files int    // how many files differ from it
}

// String reads "24256d1 + 3 files".
func (d Draft) String() string {
	if d.Files == 0 {
		return d.Base.Short
	}
	return d.Base.Short + " + " + text.Plural(d.Files, "file")
}

// drafting is how a Repo has made its draft. The objects are in a directory outside of the
// repository until [Repo.KeepDraft] adds them to it.
type drafting struct {
	hash  string
	note  string
	draft Draft
	dir   string // of the index and the objects; "" if there are none
}

// asAdded makes git add read every file that it should. Unlike for dot's own worktrees, the user's
// rules for line ends, filters and ignored files count.
var asAdded = []string{
	"-c", "core.sparseCheckout=false", "-c", "index.sparse=false", "-c", "core.splitIndex=false", "-c", "core.safecrlf=false",
	"-c", "core.ignoreStat=false", "-c", "core.trustctime=true", "-c", "core.checkStat=default", "-c", "submodule.recurse=false",
	"-c", "diff.ignoreSubmodules=none", "-c", "add.ignoreErrors=false", "-c", "i18n.commitEncoding=UTF-8",
}

// maxReads is how often the working tree is read until two readings in a row are the same.
const maxReads = 5

// timeGrain is more than the steps in which file systems count time: FAT counts two seconds.
const timeGrain = 3 * time.Second

// draft makes the commit for WorkingTree, the first time that it is called. It writes nothing to
// the repository. Index, refs and files stay as they are.
func (r *Repo) draft(ctx context.Context) (drafting, error) {
	r.drafts.Lock()
	defer r.drafts.Unlock()
	if had := r.drafted.Load(); had != nil {
		return *had, nil
	}
	dir, err := os.MkdirTemp("", temporaryDraft)
	if err != nil {
		return drafting{}, err
	}
	made := drafting{dir: dir}
	if err := r.makeDraft(ctx, &made); err != nil {
		return drafting{}, errors.Join(err, os.RemoveAll(dir))
	}
	if made.draft.Files == 0 {
		if err := os.RemoveAll(dir); err != nil {
			return drafting{}, err
		}
		made.dir = ""
	}
	r.drafted.Store(&made)
	return made, nil
}

// makeDraft fills in a drafting. Reading takes time, and files may change meanwhile: a reading
// counts if nothing has changed when all of it is read again. Then there was a moment at which all
// files were like that.
func (r *Repo) makeDraft(ctx context.Context, made *drafting) error {
	if err := os.Mkdir(filepath.Join(made.dir, "objects"), 0o700); err != nil {
		return err
	}
	if err := r.copyIndex(ctx, made.dir); err != nil {
		return err
	}
	if err := r.readFlagged(ctx, made.dir); err != nil {
		return err
	}
	before, err := r.differences(ctx, made.dir)
	if err != nil {
		return err
	}
	var restless []string
	for range maxReads {
		if err := before.refuse(); err != nil {
			return err
		}
		if len(before.files) == 0 { // as most of the time for a CI job
			return r.describeDraft(ctx, made, before, before.head)
		}
		start := time.Now()
		_, added := run(ctx, "add", r.drafter(made.dir, append([]string{"add", "--all"}, before.paths()...)...))
		if added != nil && ctx.Err() != nil {
			return added
		}
		if err := olderThan(filepath.Join(made.dir, "index"), start.Add(-timeGrain)); err != nil {
			return err
		}
		after, err := r.differences(ctx, made.dir)
		switch restless = after.worktree; {
		case err != nil:
			return err
		case added != nil && slices.Equal(before.all(), after.all()): // it isn't a file that has gone meanwhile
			return notAdded(added)
		case added == nil && len(restless) == 0 && after.head == before.head && slices.Equal(after.nested, before.nested):
			return r.commitDraft(ctx, made, after)
		}
		before = after
	}
	if len(restless) == 0 {
		restless = []string{"HEAD"}
	}
	return hint.New(
		fmt.Sprintf("the working tree changes while dot reads it: no state of it is complete. Last changed: %s", nameSome(restless)),
		"wait until the program that writes these files has ended, or let git ignore them: .gitignore",
	)
}

// olderThan makes an index older than a time. git takes a file for unchanged if its time and size
// are those in the index, unless the file is as new as the index. So it reads all files again that
// have changed since, whatever their time and size.
func olderThan(index string, t time.Time) error {
	info, err := os.Stat(index)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.ModTime().Before(t) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chtimes(index, t, t)
}

// drafter is a git command on the user's worktree that uses the draft's index, and writes objects
// to the draft's directory.
func (r *Repo) drafter(dir string, args ...string) proc.Command {
	c := command(r.Top, slices.Concat(asAdded, args)...)
	c.Env = append(c.Env,
		"GIT_INDEX_FILE="+filepath.Join(dir, "index"),
		"GIT_OBJECT_DIRECTORY="+filepath.Join(dir, "objects"),
		"GIT_ALTERNATE_OBJECT_DIRECTORIES="+quotedPath(filepath.Join(r.CommonDir, "objects")))
	return c
}

// quotedPath quotes a path for a list of paths in which a colon separates them (git(1),
// GIT_ALTERNATE_OBJECT_DIRECTORIES).
func quotedPath(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(path) {
		switch c := path[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// copyIndex copies the user's index, so that git need not read files that it knows. The copy has
// the time of the original: files that changed later are read.
func (r *Repo) copyIndex(ctx context.Context, dir string) error {
	out, err := run(ctx, "rev-parse", command(r.Top, "rev-parse", "--path-format=absolute", "--git-path", "index"))
	if err != nil {
		return err
	}
	from, err := os.Open(strings.TrimSuffix(string(out), "\n"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "index")
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	return os.Chtimes(name, info.ModTime(), info.ModTime())
}

// readFlagged makes git read files of which somebody told it that they don't change
// (--assume-unchanged), or that they aren't here (--skip-worktree, sparse checkouts) although they
// are.
func (r *Repo) readFlagged(ctx context.Context, dir string) error {
	out, err := run(ctx, "ls-files", r.drafter(dir, "ls-files", "-v", "-z"))
	if err != nil {
		return err
	}
	assumed, skipped := map[string]bool{}, map[string]bool{}
	for _, line := range entries(out) {
		if len(line) < 3 { // "h path"
			continue
		}
		path := line[2:]
		if line[0] >= 'a' && line[0] <= 'z' {
			assumed[path] = true
		}
		if line[0] == 'S' || line[0] == 's' {
			if _, err := os.Lstat(filepath.Join(r.Top, filepath.FromSlash(path))); err == nil {
				skipped[path] = true
			}
		}
	}
	for flag, paths := range map[string]map[string]bool{"--no-assume-unchanged": assumed, "--no-skip-worktree": skipped} {
		if len(paths) == 0 {
			continue
		}
		update := r.drafter(dir, "update-index", flag, "-z", "--stdin")
		var names bytes.Buffer
		for path := range paths {
			names.WriteString(path + "\x00")
		}
		update.Stdin = &names
		if _, err := run(ctx, "update-index", update); err != nil {
			return err
		}
	}
	return nil
}

// differences are the differences between the draft's index and the working tree, by git status.
type differences struct {
	head       string   // the commit's hash, "" if there is none
	files      []string // that differ from HEAD; nested repositories are not among them
	worktree   []string // of these, those that differ from the index
	conflicts  []string
	nested     []string // repositories that are no submodules, with a slash at the end
	dot        bool     // git doesn't ignore dot's own directory
	submodules []string // with changes that are not committed in them
}

func (r *Repo) differences(ctx context.Context, dir string) (differences, error) {
	out, err := run(ctx, "status", r.drafter(dir, "status", "--porcelain=v2", "--branch", "-z",
		"--untracked-files=all", "--no-renames", "--ignore-submodules=none"))
	var d differences
	if err != nil {
		return d, err
	}
	for _, entry := range entries(out) {
		kind, rest, _ := strings.Cut(entry, " ")
		switch kind {
		case "#": // "branch.oid <hash>", "(initial)" without a commit
			if hash, ok := strings.CutPrefix(rest, "branch.oid "); ok && fullHash().MatchString(hash) {
				d.head = hash
			}
		case "?":
			switch {
			case strings.HasPrefix(rest, dotDir+"/"):
				d.dot = true
			case strings.HasSuffix(rest, "/"):
				d.nested = append(d.nested, rest)
			default:
				d.files, d.worktree = append(d.files, rest), append(d.worktree, rest)
			}
		case "1": // XY sub mH mI mW hH hI path
			fields := strings.SplitN(rest, " ", 8)
			if len(fields) < 8 {
				return d, fmt.Errorf("git status: unexpected output %q", entry)
			}
			path := fields[7]
			// sub is "N..." for a file, "SCMU" with dots for what isn't so for a submodule.
			if sub := fields[1]; strings.HasPrefix(sub, "S") && strings.ContainsAny(sub[2:], "MU") {
				d.submodules = append(d.submodules, path)
			}
			d.files = append(d.files, path)
			if fields[0][1] != '.' {
				d.worktree = append(d.worktree, path)
			}
		case "u": // XY sub m1 m2 m3 mW h1 h2 h3 path
			fields := strings.SplitN(rest, " ", 10)
			d.conflicts = append(d.conflicts, fields[len(fields)-1])
		}
	}
	return d, nil
}

// refuse returns an error for a working tree that can't be a commit.
func (d differences) refuse() error {
	switch {
	case d.head == "":
		return hint.New("HEAD has no commit yet: a build of the working tree is one on top of HEAD's commit", "make one: git commit")
	case len(d.conflicts) > 0:
		return hint.New(
			"the working tree has conflicts: "+nameSome(d.conflicts),
			"resolve them, and tell git so: git add "+text.ShellQuote(d.conflicts[:1]),
		)
	case len(d.submodules) > 0:
		return hint.New(
			fmt.Sprintf("submodules have changes that are not committed in them: %s. A commit can only name a submodule's commit", nameSome(d.submodules)),
			"commit the changes there: git -C "+text.ShellQuote(d.submodules[:1])+" commit",
			"or put them aside: git -C "+text.ShellQuote(d.submodules[:1])+" stash -u",
		)
	}
	return nil
}

// paths are the arguments of git add that leave out what a draft doesn't have.
func (d differences) paths() []string {
	out := d.nested
	if d.dot {
		out = append(slices.Clip(out), dotDir)
	}
	if len(out) == 0 {
		return nil
	}
	all := []string{"--", ":/"}
	for _, path := range out {
		all = append(all, ":(top,literal,exclude)"+strings.TrimSuffix(path, "/"))
	}
	return all
}

// all is everything, to compare with.
func (d differences) all() []string {
	return slices.Concat([]string{d.head}, d.files, d.worktree, d.nested)
}

// A draft's commit has this email address, and a subject that starts like this and names HEAD's commit.
const (
	draftEmail   = "dot@localhost"
	draftSubject = "The working tree on top of "
)

// draftOf returns the commit that was checked out when dot made a commit with this subject and committer. ok is
// false if dot didn't make it.
func draftOf(subject, email string) (base string, ok bool) {
	base, ok = strings.CutPrefix(subject, draftSubject)
	return base, ok && email == draftEmail && fullHash().MatchString(base)
}

// commitDraft makes a commit from the draft's index.
func (r *Repo) commitDraft(ctx context.Context, made *drafting, d differences) error {
	if len(d.files) == 0 {
		return r.describeDraft(ctx, made, d, d.head)
	}
	if err := r.describeDraft(ctx, made, d, ""); err != nil {
		return err
	}
	// Without --missing-ok a partial clone would fetch what it left out.
	tree, err := run(ctx, "write-tree", r.drafter(made.dir, "write-tree", "--missing-ok"))
	if err != nil {
		return err
	}
	commit := r.drafter(made.dir, "commit-tree", "-p", d.head, "-m", draftSubject+d.head, strings.TrimSpace(string(tree)))
	date := fmt.Sprintf("@%d +0000", made.draft.Base.Time.Unix())
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		commit.Env = append(commit.Env, "GIT_"+who+"_NAME=dot", "GIT_"+who+"_EMAIL="+draftEmail, "GIT_"+who+"_DATE="+date)
	}
	hash, err := run(ctx, "commit-tree", commit)
	made.hash = strings.TrimSpace(string(hash))
	return err
}

// describeDraft fills in what a draft is.
func (r *Repo) describeDraft(ctx context.Context, made *drafting, d differences, hash string) error {
	base, err := r.log(ctx, []string{d.head}, "--no-walk=unsorted")
	if err == nil && len(base) != 1 {
		err = fmt.Errorf("git log: HEAD's commit, %s, is not there", d.head)
	}
	if err != nil {
		return err
	}
	made.hash, made.draft = hash, Draft{Base: base[0], Files: len(d.files)}
	if len(d.nested) > 0 {
		made.note = "without the files of " + nameSome(d.nested) + ", which " + plural(len(d.nested), "is a git repository of its own", "are git repositories of their own")
	}
	return nil
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// notAdded adds advice to git's error about a file that it can't read.
func notAdded(err error) error {
	return hint.Add(fmt.Errorf("the working tree can't be read: %w", err),
		"make the file readable, or let git ignore it: .gitignore")
}

// maxNamed is how many files a message names.
const maxNamed = 3

// nameSome names some files, safe for a terminal.
func nameSome(paths []string) string {
	var names []string
	for _, path := range paths[:min(len(paths), maxNamed)] {
		names = append(names, printable(path))
	}
	if more := len(paths) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// reader is a git command that reads the repository, and the draft's objects if they are not in it.
func (r *Repo) reader(args ...string) proc.Command {
	c := command(r.Top, args...)
	if d := r.drafted.Load(); d != nil && d.dir != "" {
		c.Env = append(c.Env, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+quotedPath(filepath.Join(d.dir, "objects")))
	}
	return c
}

// KeepDraft adds the objects of the draft that Resolve has made to the repository. No ref names
// them: a worktree at the draft's commit keeps them from git gc.
func (r *Repo) KeepDraft(ctx context.Context) error {
	r.drafts.Lock()
	defer r.drafts.Unlock()
	d := r.drafted.Load()
	if d == nil || d.dir == "" {
		return nil
	}
	dir := d.dir
	pack := r.drafter(dir, "pack-objects", "--quiet", "--revs", filepath.Join(dir, "draft"))
	pack.Stdin = strings.NewReader(d.hash + "\n^" + d.draft.Base.Hash + "\n")
	name, err := run(ctx, "pack-objects", pack)
	if err != nil {
		return err
	}
	packed, err := os.Open(filepath.Join(dir, "draft-"+strings.TrimSpace(string(name))+".pack"))
	if err != nil {
		return err
	}
	defer packed.Close()
	unpack := command(r.Top, "unpack-objects", "-q")
	unpack.Stdin = packed
	if _, err := run(ctx, "unpack-objects", unpack); err != nil {
		return err
	}
	r.forget(*d)
	return os.RemoveAll(dir)
}

// forget notes that a drafting's directory is gone.
func (r *Repo) forget(d drafting) {
	d.dir = ""
	r.drafted.Store(&d)
}

// DropDraft removes what Resolve has made of the working tree, unless KeepDraft has added it to the
// repository. Afterwards git doesn't know the draft's commit any more.
func (r *Repo) DropDraft() error {
	r.drafts.Lock()
	defer r.drafts.Unlock()
	d := r.drafted.Load()
	if d == nil || d.dir == "" {
		return nil
	}
	r.forget(*d)
	return os.RemoveAll(d.dir)
}
