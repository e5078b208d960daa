package steps

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/internal/hint"
)

// A Location says where a build's files and schema are. Its paths are absolute and
// need not exist.
type Location struct {
	Build    string // dev@9b13827
	Dir      string // the build's own directory: dbt's --profiles-dir
	Worktree string // the commit's worktree; builds of other environments share it
	Target   string // dbt's --target-path
	Profiles string // the build's profiles.yml
	Logs     string // dbt's --log-path
	// Built reports whether the build has any relation.
	Built bool
	// Note is a remark about resolving the ref, "" for none.
	Note string

	schema string
}

// Locate locates the build that a request's only spec denotes. It reads the
// configuration, the repository and the profile. It doesn't look for dbt, and
// writes nothing.
func Locate(ctx context.Context, world World, req Request) (Location, error) {
	asked := req.Specs[0]
	if _, several := asked.Range(); several {
		return Location{}, hint.New(
			fmt.Sprintf("%s is a range of commits, each with its own build", asked),
			"name one commit",
		)
	}
	if !asked.Isolated() {
		return Location{}, hint.New(
			cmp.Or(asked.Env, "no spec")+" means the working tree, which has no build directory and no own schema",
			"name a commit, too: "+asked.Env+"@HEAD", "or for the working tree, in a schema of its own: "+asked.Env+"@.",
		)
	}
	req.Planning = true
	p, given, err := open(ctx, world, req)
	if err != nil {
		return Location{}, err
	}
	defer p.close()
	specs, _, err := p.resolve(ctx)
	if err != nil {
		return Location{}, err
	}
	b, err := p.resolveBuild(ctx, asked, specs[0].commit, given, nil)
	if err != nil {
		return Location{}, err
	}
	p.say(b)
	return Location{
		Build: b.String(), Dir: b.Dir(), Worktree: b.Commit.Worktree(),
		Target: b.Target(), Profiles: b.Profiles(), Logs: b.Logs(),
		Built: p.built(b), Note: strings.Join(p.program.Notes, "\n"), schema: b.schema,
	}, nil
}

// Schema returns the build's schema. Nodes with a custom schema are in other
// schemas, whose names usually start with this one. Schema returns an error if the
// profile makes the name with Jinja that only dbt can evaluate.
func (l Location) Schema() (string, error) {
	if strings.Contains(l.schema, "{{") || strings.Contains(l.schema, "{%") {
		return "", hint.New(
			fmt.Sprintf("the schema of %s is not known: the profile makes it with Jinja, %s", l.Build, l.schema),
			"set the variables that it reads; dot evaluates env_var and var only",
		)
	}
	if strings.Contains(l.schema, unnamedTree) {
		return "", hint.New(
			fmt.Sprintf("the schema of %s is not known before the first build of this clone: its name is partly random", l.Build),
			"build it: dot build "+l.Build,
		)
	}
	return l.schema, nil
}

// built reports whether a build has any relation, according to the ledger or to
// another tool's artifacts.
func (ls *layers) built(b *build) bool {
	if s, err := ls.ws.Standing(b.Build, b.place); err == nil {
		return len(s.Nodes) > 0
	}
	_, adoptable := ls.adoptable(b)
	return adoptable
}
