package lifecycle

import (
	"context"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A Check is what the warehouse says about builds.
type Check struct {
	// Orphans are marked schemas of the project without a build here.
	Orphans []*steps.Orphan
	// Checked is the number of builds whose relations were looked for, and Databases that of the databases
	// that were asked.
	Checked, Databases int
	// Notes are environments whose database could not be asked, in words.
	Notes []string
}

// Check asks the databases of the project's environments, those of specs if there are any, and tells the
// list's builds; see [Build.Checked]. It runs dbt once for each database, and changes nothing.
func (l *List) Check(ctx context.Context, world steps.World, specs []spec.Spec) (*Check, error) {
	check := &Check{}
	var err error
	_, check.Notes, err = connect(ctx, world, connections{envs: envsOf(specs), schemas: true}, func(p *steps.Program) error {
		project := filepath.ToSlash(p.Repo.Prefix)
		var builds []workspace.Build
		for _, b := range l.Builds {
			if b.Project == project {
				builds = append(builds, b.Build)
			}
		}
		survey, err := p.Cleanup().Survey(ctx, builds)
		if err != nil {
			return err
		}
		check.Checked, check.Databases, check.Orphans = len(survey.Checked), survey.Databases, nil
		for _, o := range survey.Orphans {
			asked := func(b *steps.Built) bool { return b.Environment() == o.Env }
			if len(specs) == 0 || slices.ContainsFunc(p.Builds, asked) {
				check.Orphans = append(check.Orphans, o)
			}
		}
		for i := range l.Builds {
			if found, ok := survey.Checked[l.Builds[i].ID()]; ok && l.Builds[i].Project == project {
				l.Builds[i].Checked = &found
			}
		}
		return nil
	})
	return check, err
}
