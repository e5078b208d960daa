package steps

import (
	"context"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Names that complete a command line. A shell waits for them, so nothing here starts dbt or reads a
// large file: the nodes' names are kept whenever a check reads a manifest.

// RefNames returns names that may follow the @ of a spec: the working tree's, HEAD, branches (those of
// remotes, too) and tags.
func RefNames(ctx context.Context, world World) ([]string, error) {
	names, err := git.Names(ctx, world.Dir)
	return append([]string{git.WorkingTree}, names...), err
}

// BuiltNames returns the specs of the project's builds: env@short, and env@ref for branches and tags at
// the commit of a build. dev@. stands for all builds of this working tree.
func BuiltNames(ctx context.Context, world World) ([]string, error) {
	repo, ws, _, err := openForNames(ctx, world)
	if err != nil {
		return nil, err
	}
	refs, err := git.NamesByHash(ctx, repo.Top)
	if err != nil {
		return nil, err
	}
	builds, _, err := ws.Builds()
	if err != nil {
		return nil, err
	}
	prefix, tree := filepath.ToSlash(repo.Prefix), ws.TreeName(repo.Top)
	var names []string
	for _, b := range builds {
		switch {
		case b.Project != prefix:
		case b.Tree == tree:
			names = append(names, b.Env+"@"+git.WorkingTree)
		case b.Tree == "":
			names = append(names, b.String())
			if b.Commit.Variant() == "" {
				for _, ref := range refs[b.Commit.Hash] {
					names = append(names, b.Env+"@"+ref)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// NodeNames returns what may select the project's nodes: names, and tag:, source: and path: with their
// values. They are those of the last check of any build; if there was none, those of the manifest that
// dbt left in the project's target directory, unless that is large.
func NodeNames(ctx context.Context, world World) ([]string, error) {
	repo, ws, project, err := openForNames(ctx, world)
	if err != nil {
		return nil, err
	}
	if text, ok := ws.Memo().Lookup(namesIdentity(filepath.ToSlash(repo.Prefix))); ok {
		return strings.Split(text, "\n"), nil
	}
	manifest := filepath.Join(project.Dir(), "target", "manifest.json")
	info, err := os.Stat(manifest)
	if err != nil || info.Size() > maxUnkeptManifest {
		return nil, err
	}
	parsed, err := project.planner.workingProject()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(manifest)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	names := nodeNames{}
	_, err = artifact.ReadManifestCode(manifest, f, func(n artifact.NodeCode) error {
		names.add(n, parsed.Name)
		return nil
	}, func(artifact.Macro) error { return nil })
	return names.sorted(), err
}

// maxUnkeptManifest is how much is read while a shell waits, in bytes.
const maxUnkeptManifest = 2 << 20

func openForNames(ctx context.Context, world World) (*git.Repo, *workspace.Workspace, *Project, error) {
	project, err := OpenProject(world)
	if err != nil {
		return nil, nil, nil, err
	}
	repo, err := git.Open(ctx, project.Dir())
	if err != nil {
		return nil, nil, nil, err
	}
	ws, err := workspace.Open(repo.Root)
	return repo, ws, project, err
}

// namesIdentity names the memo of a project's node names. The project is its path in the repository.
func namesIdentity(project string) string { return "names of nodes: " + project }

// keepNames keeps the names of a build's nodes for NodeNames. Only completion reads them, so an error
// doesn't fail the run.
func (h *home) keepNames(b *build, names nodeNames) {
	identity, text := namesIdentity(b.Project), strings.Join(names.sorted(), "\n")
	if had, ok := h.ws.Memo().Lookup(identity); !ok || had != text {
		_ = h.ws.Memo().Save(identity, text)
	}
}

// nodeNames are what may select nodes, each once.
type nodeNames map[string]bool

// add adds what selects a node. project is the name of the project, whose files path: means.
func (names nodeNames) add(n artifact.NodeCode, project string) {
	switch n.ResourceType {
	case "source":
		names["source:"+n.SourceName+"."+n.Name] = true
		names["source:"+n.SourceName] = true
	case "test":
		if n.Test != nil { // a generic one: nobody types its name
			return
		}
		names[n.Name] = true
	case "model", "seed", "snapshot", "function":
		names[n.Name] = true
		if last := n.UniqueID[strings.LastIndexByte(n.UniqueID, '.')+1:]; last != n.Name && strings.HasPrefix(last, "v") {
			names[n.Name+"."+last] = true // orders.v2
		}
	default:
		return
	}
	var config struct {
		Tags json.RawMessage `json:"tags"`
	}
	if json.Unmarshal(n.Config, &config) == nil {
		var tags []string
		if json.Unmarshal(config.Tags, &tags) != nil {
			tags = []string{""}
			_ = json.Unmarshal(config.Tags, &tags[0])
		}
		for _, tag := range tags {
			if tag != "" {
				names["tag:"+tag] = true
			}
		}
	}
	if n.Package == project {
		for at := strings.ReplaceAll(n.File, `\`, "/"); at != "." && at != "/" && !names["path:"+at]; at = path.Dir(at) {
			names["path:"+at] = true
		}
	}
}

// sorted returns the names that are one line each.
func (names nodeNames) sorted() []string {
	var all []string
	for name := range names {
		if !strings.ContainsAny(name, "\n\r") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
