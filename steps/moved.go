package steps

import (
	"fmt"
	"path"
	"path/filepath"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// notThere returns the error for a commit that doesn't have the project's directory.
// If the commit has the project in another directory, hints say how to build it
// there.
func (c *contents) notThere(commit git.Commit, name string) error {
	var hints []string
	for _, dir := range c.elsewhere(commit) {
		where := dir
		if dir == "" {
			where = "the top directory"
		}
		checkout := c.repo.Root + "-" + commit.Short
		hints = append(hints, fmt.Sprintf("at %s it is in %s: git worktree add --detach %s, and run dot in %s", commit.Short, where,
			text.ShellQuote([]string{checkout, commit.Short}),
			filepath.Join(checkout, filepath.FromSlash(dir))))
	}
	if hints == nil {
		hints = []string{fmt.Sprintf("git log --oneline -- %s shows the commits that have it", name)}
	}
	return hint.New(fmt.Sprintf("there is no %s at %s", name, commit.Short), hints...)
}

// elsewhere returns the directories of a commit's projects with the same name, with
// slashes; "" is the top. Projects that can't be read are left out.
func (c *contents) elsewhere(commit git.Commit) []string {
	now, err := c.workingProject()
	if err != nil {
		return nil
	}
	files, err := c.objects.Find(commit.Hash, "dbt_project.yml")
	if err != nil {
		return nil
	}
	var dirs []string
	for _, file := range files {
		text, err := c.objects.Read(commit.Hash + ":" + file)
		if err != nil {
			continue
		}
		if then, err := profile.ParseProject(file, text); err == nil && then.Name == now.Name {
			dir := path.Dir(file)
			if dir == "." {
				dir = ""
			}
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
