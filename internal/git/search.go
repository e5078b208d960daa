package git

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/lazy"
)

// search resolves refs one by one with a single git process. It starts another only if git ends
// because of a ref.
type search struct {
	repo *Repo
	ctx  context.Context
	talk *conversation // nil if none is running

	found  map[string]resolved
	failed map[string]unresolved
}

// unresolved says why a ref leads to no commit.
type unresolved struct {
	why       string
	missing   bool // no such name: a typing error, or not fetched yet
	ambiguous bool // several objects match
}

// shortHash matches anything that may be an abbreviated hash. git wants at least four characters.
var shortHash = lazy.Regexp(`^[0-9a-f]{4,64}$`)

// look resolves a ref into found or failed. It returns an error if git can't be asked.
func (s *search) look(ref string) error {
	if why := unusable(ref); why != "" {
		s.failed[ref] = unresolved{why: fmt.Sprintf("%q can't be a ref: it %s", ref, why)}
		return nil
	}
	name := ref
	if name == "@" {
		name = "HEAD"
	}
	object, words, err := s.ask(name)
	tag := ""
	switch {
	case err != nil:
		return err
	case words != "":
		s.failed[ref] = unresolved{why: fmt.Sprintf("%q can't be resolved: %s", ref, words)}
		return nil
	case object.state == "ambiguous" && shortHash().MatchString(ref):
		// If several objects match, but only one commit, that commit is meant. If several commits
		// match, git says "missing".
		commit, _, err := s.ask(ref + "^{commit}")
		if err != nil {
			return err
		}
		if commit.kind == "commit" {
			object = commit
		}
	case object.kind == "tag":
		tag = object.id
		// Ask by id: names like :/text take no suffix.
		if object, _, err = s.ask(object.id + "^{commit}"); err != nil {
			return err
		}
		if object.id == "" {
			s.failed[ref] = unresolved{why: fmt.Sprintf("%q is a tag of something that is not a commit", ref)}
			return nil
		}
	}
	switch {
	case object.kind == "commit":
		s.found[ref] = resolved{hash: object.id, tag: tag}
	case object.id != "":
		s.failed[ref] = unresolved{why: fmt.Sprintf("%q is a %s, not a commit", ref, object.kind)}
	case object.state == "ambiguous":
		s.failed[ref] = unresolved{why: fmt.Sprintf("%q is ambiguous: it fits several objects", ref), ambiguous: true}
	default:
		s.failed[ref] = unresolved{why: fmt.Sprintf("unknown ref %q", ref), missing: true}
	}
	return nil
}

// unusable says why git must not even see a ref: git could take it for an option, or for several
// lines.
func unusable(ref string) string {
	switch {
	case ref == "":
		return "is empty"
	case strings.HasPrefix(ref, "-"):
		return `starts with "-"`
	case !utf8.ValidString(ref):
		return "is not UTF-8"
	case strings.ContainsFunc(ref, unicode.IsControl):
		return "holds control characters"
	}
	return ""
}

// ask asks git about a name. words is git's complaint if it ended because of that name, as it does
// for an upstream or a reflog entry that doesn't exist.
func (s *search) ask(name string) (object info, words string, err error) {
	if s.talk == nil {
		if s.talk, err = converse(s.ctx, lookup(s.repo.Top, "cat-file", "--batch-check")); err != nil {
			return info{}, "", err
		}
	}
	object, err = s.talk.ask(name)
	if err == nil {
		return object, "", nil
	}
	talk := s.talk
	s.talk = nil
	stderr, err := talk.end()
	if s.ctx.Err() != nil {
		return info{}, "", err
	}
	// The last line is about this name. Lines before it may be warnings about earlier names.
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if last, ok := strings.CutPrefix(lines[len(lines)-1], "fatal: "); ok {
		s.note(stderr)
		return info{}, printable(last), nil
	}
	return info{}, "", err
}

// end ends the git process, and keeps its warnings.
func (s *search) end() error {
	if s.talk == nil {
		return nil
	}
	stderr, err := s.talk.end()
	s.talk = nil
	s.note(stderr)
	return err
}

// note adds git's warnings to the refs they are about.
func (s *search) note(stderr string) {
	for line := range strings.Lines(stderr) {
		warning, ok := strings.CutPrefix(strings.TrimSpace(line), "warning: ")
		if !ok {
			continue
		}
		for ref, at := range s.found {
			base, _, reflog := strings.Cut(ref, "@{")
			switch {
			case warning == "refname '"+ref+"' is ambiguous.":
				at.note = "several refs have this name: git prefers a tag to a branch"
			case reflog && strings.HasPrefix(warning, "log for '"+base+"' "):
				at.note = printable(warning)
			}
			s.found[ref] = at
		}
	}
}

// refs holds the branches and tags of the repository, by name.
type refs struct {
	local  []string            // short names of branches and tags
	remote map[string][]string // a branch's name → the remote branches (origin/name) that have it
	hash   map[string]string   // a remote branch → its commit
	at     map[string][]string // a commit → all of these that point to it, without annotated tags
}

func (r *Repo) refs(ctx context.Context) (*refs, error) {
	out, err := run(ctx, "for-each-ref", command(r.Top, "for-each-ref",
		"--format=%(objectname) %(refname)", "refs/heads", "refs/tags", "refs/remotes"))
	if err != nil {
		return nil, err
	}
	all := &refs{remote: map[string][]string{}, hash: map[string]string{}, at: map[string][]string{}}
	for line := range strings.Lines(string(out)) {
		hash, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			all.local = append(all.local, branch)
			all.at[hash] = append(all.at[hash], branch)
		} else if tag, ok := strings.CutPrefix(name, "refs/tags/"); ok {
			all.local = append(all.local, tag)
			all.at[hash] = append(all.at[hash], tag)
		} else if full, ok := strings.CutPrefix(name, "refs/remotes/"); ok {
			_, branch, _ := strings.Cut(full, "/")
			if branch == "HEAD" { // the remote's default branch, not a branch called HEAD
				continue
			}
			all.remote[branch] = append(all.remote[branch], full)
			all.hash[full] = hash
			all.at[hash] = append(all.at[hash], full)
		}
	}
	slices.Sort(all.local)
	return all, nil
}
