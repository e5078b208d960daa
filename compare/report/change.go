package report

import (
	"strings"

	"dot-for-dbt/internal/text"

	"github.com/dustin/go-humanize"
)

// A Change is what lies between the commits of a comparison, as git has it.
type Change struct {
	// Branch is the branch at the candidate's commit, "" if there is none or several.
	Branch string `json:"branch,omitempty"`
	// Commits are those that the candidate has and the baseline lacks, the newest first.
	Commits []Commit `json:"commits,omitempty"`
	// Behind is the number of commits that the baseline has and the candidate lacks.
	Behind int `json:"behind,omitempty"`
	// Files are those that differ between the two commits.
	Files []ChangedFile `json:"files,omitempty"`
}

// A Commit is a commit of a change.
type Commit struct {
	Hash    string `json:"hash"`
	Subject string `json:"subject"` // the first line of its message
}

// A ChangedFile is a file of a change.
type ChangedFile struct {
	Path string `json:"path"`                   // from the top of the repository, with slashes
	From string `json:"renamed_from,omitempty"` // its path in the baseline's commit
	// Added and Removed are numbers of lines; nil for a binary file.
	Added   *int `json:"added_lines,omitempty"`
	Removed *int `json:"removed_lines,omitempty"`
}

// Headline says what changed: "3 commits on feature/refunds, 4 files (+20 −5)"; "" if the
// commit is the same.
func (c *Change) Headline() string {
	return c.headline(func(branch string) string { return branch })
}

// headline is Headline with a function that writes the branch's name.
func (c *Change) headline(write func(branch string) string) string {
	if c == nil || len(c.Commits)+len(c.Files)+c.Behind == 0 {
		return ""
	}
	files := text.Plural(len(c.Files), "file")
	if lines := c.lines(); lines != "" {
		files += " (" + lines + ")"
	}
	on := ""
	if c.Branch != "" {
		on = " on " + write(c.Branch)
	}
	if len(c.Commits)+c.Behind == 0 { // of the working tree
		return files + on + ", not committed"
	}
	return text.Plural(len(c.Commits), "commit") + on + ", " + files
}

// BehindSay says that the baseline has commits that the candidate lacks, "" if not.
func (c *Change) BehindSay() string {
	if c == nil || c.Behind == 0 {
		return ""
	}
	return "the baseline has " + text.Plural(c.Behind, "commit") + " that the candidate lacks: --merge-base leaves them out"
}

// lines is the number of lines in all files.
func (c *Change) lines() string {
	var all ChangedFile
	var added, removed int
	for _, f := range c.Files {
		if f.Added != nil && f.Removed != nil {
			added, removed = added+*f.Added, removed+*f.Removed
			all.Added, all.Removed = &added, &removed
		}
	}
	return all.Lines()
}

// Lines writes the numbers of lines: "+20 −5". It is "" for a binary file and a file that was
// only renamed.
func (f ChangedFile) Lines() string {
	var out []string
	for _, n := range []struct {
		sign  string
		lines *int
	}{{"+", f.Added}, {"−", f.Removed}} {
		if n.lines != nil && *n.lines > 0 {
			out = append(out, n.sign+humanize.Comma(int64(*n.lines)))
		}
	}
	return strings.Join(out, " ")
}

// Name is the file's path, with the old one if it was renamed.
func (f ChangedFile) Name() string {
	if f.From == "" {
		return f.Path
	}
	return f.From + " → " + f.Path
}

// Short is the commit's abbreviated hash.
func (c Commit) Short() string { return short(c.Hash) }

// firstOf returns the first of many, and how many there are beyond them.
func firstOf[T any](all []T, most int) (first []T, more int) {
	n := min(len(all), most)
	return all[:n:n], len(all) - n
}
