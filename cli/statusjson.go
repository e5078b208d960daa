package cli

import (
	"time"

	"dot-for-dbt/lifecycle"
)

// statusVersion is the version of the JSON that dot status prints. It is raised when a field is
// removed or changes its meaning. Fields may be added at any time.
const statusVersion = 1

// jsonStatus is a list of builds for scripts. docs/status-json.md describes it.
type jsonStatus struct {
	Version  int               `json:"version"`
	Builds   []jsonStatusBuild `json:"builds"` // the one that was used last first
	Missing  []string          `json:"missing"`
	Problems []string          `json:"problems"`
	// Orphans is set with --check.
	Orphans *[]jsonStatusOrphan `json:"orphans,omitempty"`
}

// jsonStatusOrphan are marked schemas without a build.
type jsonStatusOrphan struct {
	Name        string    `json:"name"`
	Environment string    `json:"environment"`
	Commit      string    `json:"commit"`
	Schemas     []string  `json:"schemas"`
	By          string    `json:"by,omitempty"`
	Marked      time.Time `json:"marked,omitzero"`
}

type jsonStatusBuild struct {
	Name        string            `json:"name"`
	Project     string            `json:"project"`
	Environment string            `json:"environment"`
	Short       string            `json:"short"`
	Commit      string            `json:"commit,omitempty"`
	Tree        string            `json:"tree,omitempty"`
	Superseded  bool              `json:"superseded,omitempty"`
	Git         *jsonStatusGit    `json:"git,omitempty"`
	Used        time.Time         `json:"used"`
	Last        jsonStatusLast    `json:"last"`
	Places      []jsonStatusPlace `json:"places"`
	Resting     []string          `json:"resting"`
	Directory   string            `json:"directory"`
	Worktree    jsonStatusTree    `json:"worktree"`
	Size        *jsonStatusSize   `json:"size,omitempty"`
	Problems    []string          `json:"problems"`
	// Lacks is set with --check, if the warehouse was asked for it.
	Lacks *jsonStatusLacks `json:"lacks,omitempty"`
}

// jsonStatusLacks is what the warehouse doesn't have of a build.
type jsonStatusLacks struct {
	Schemas   []string `json:"schemas"`
	Relations []string `json:"relations"`
}

type jsonStatusGit struct {
	Has     bool      `json:"has"`
	Reached bool      `json:"reached"`
	DraftOf string    `json:"draft_of,omitempty"`
	Refs    []string  `json:"refs"`
	Subject string    `json:"subject,omitempty"`
	Time    time.Time `json:"time,omitzero"`
}

type jsonStatusLast struct {
	State    lifecycle.State `json:"state"`
	Command  string          `json:"command,omitempty"`
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
	Result   string          `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
	PID      int             `json:"pid,omitempty"`
	Holder   string          `json:"holder,omitempty"`
}

type jsonStatusPlace struct {
	Adapter  string           `json:"adapter"`
	Host     string           `json:"host,omitempty"`
	Database string           `json:"database,omitempty"`
	Schema   string           `json:"schema"`
	Schemas  []string         `json:"schemas"`
	Nodes    *jsonStatusNodes `json:"nodes,omitempty"`
	Below    *jsonStatusBelow `json:"below,omitempty"`
}

type jsonStatusNodes struct {
	Own      int `json:"own"`
	Broken   int `json:"broken"`
	Building int `json:"building"`
}

type jsonStatusBelow struct {
	Name        string `json:"name"`
	Project     string `json:"project"`
	Environment string `json:"environment"`
	Commit      string `json:"commit"`
	Short       string `json:"short"`
	Nodes       *int   `json:"nodes,omitempty"`
	Gone        string `json:"gone,omitempty"`
}

type jsonStatusTree struct {
	Path  string `json:"path"`
	State string `json:"state"`
}

type jsonStatusSize struct {
	Build    int64 `json:"build"`
	Worktree int64 `json:"worktree"`
	Shared   int   `json:"shared"`
}

func newJSONStatus(list *lifecycle.List, check *lifecycle.Check) jsonStatus {
	out := jsonStatus{Version: statusVersion, Builds: []jsonStatusBuild{}, Missing: orEmpty(list.Missing), Problems: []string{}}
	for _, flaw := range list.Flaws {
		out.Problems = append(out.Problems, flaw.Path+": "+flaw.Err.Error())
	}
	if list.GitErr != nil {
		out.Problems = append(out.Problems, list.GitErr.Error())
	}
	for i := range list.Builds {
		out.Builds = append(out.Builds, newJSONStatusBuild(&list.Builds[i]))
	}
	if check == nil {
		return out
	}
	out.Problems = append(out.Problems, check.Notes...)
	orphans := []jsonStatusOrphan{}
	for _, o := range check.Orphans {
		orphans = append(orphans, jsonStatusOrphan{o.Name, o.Env, o.Commit, o.Schemas, o.By, o.At})
	}
	out.Orphans = &orphans
	return out
}

func newJSONStatusBuild(b *lifecycle.Build) jsonStatusBuild {
	l := b.Last
	out := jsonStatusBuild{
		Name: b.Name(), Project: b.Project, Environment: b.Env, Short: b.Commit.Short, Commit: b.Commit.Hash, Tree: b.Tree, Superseded: b.Superseded, Used: b.Used,
		Last:   jsonStatusLast{l.State, l.Command, l.Started, l.Finished, l.Result, l.Error, l.PID, l.Holder},
		Places: []jsonStatusPlace{}, Resting: []string{}, Directory: b.Dir(),
		Worktree: jsonStatusTree{b.Commit.Worktree(), b.Worktree}, Problems: orEmpty(b.Problems),
		Git: newJSONStatusGit(b.InGit, b.Git),
	}
	for _, p := range b.Places {
		place := jsonStatusPlace{Adapter: p.Adapter, Host: p.Host, Database: p.Database, Schema: p.Schema, Schemas: p.Schemas}
		if n := p.Nodes; n != nil {
			place.Nodes = &jsonStatusNodes{n.Own, n.Broken, n.Building}
		}
		if below := p.Below; below != nil {
			place.Below = &jsonStatusBelow{below.Name(), below.Project, below.Env, below.Hash, below.Short, below.Nodes, below.Gone}
		}
		out.Places = append(out.Places, place)
	}
	for _, other := range b.Resting {
		out.Resting = append(out.Resting, other.ID())
	}
	if c := b.Checked; c != nil {
		out.Lacks = &jsonStatusLacks{orEmpty(c.Schemas), orEmpty(c.Relations)}
	}
	if s := b.Size; s != nil {
		out.Size = &jsonStatusSize{s.Own, s.Commit, s.Shared}
	}
	return out
}

// newJSONStatusGit returns what git knows of a commit, nil if git couldn't be asked.
func newJSONStatusGit(in lifecycle.Presence, git lifecycle.Known) *jsonStatusGit {
	switch in {
	case lifecycle.InGit:
		return &jsonStatusGit{true, git.Reached, git.DraftOf, orEmpty(git.Refs), git.Subject, git.Time}
	case lifecycle.Lost:
		return &jsonStatusGit{Refs: []string{}}
	}
	return nil
}

// jsonStored is a list of builds in the team's store. docs/status-json.md describes it.
type jsonStored struct {
	Version int               `json:"version"`
	Builds  []jsonStoredBuild `json:"builds"` // the one that was pushed last first
	Missing []string          `json:"missing"`
}

type jsonStoredBuild struct {
	Name        string            `json:"name"`
	Project     string            `json:"project"`
	Environment string            `json:"environment"`
	Short       string            `json:"short"`
	Commit      string            `json:"commit"`
	Git         *jsonStatusGit    `json:"git,omitempty"`
	Store       string            `json:"store"`
	Pushed      time.Time         `json:"pushed"`
	Built       time.Time         `json:"built,omitzero"`
	DBT         string            `json:"dbt,omitempty"`
	Nodes       jsonStoredNodes   `json:"nodes"`
	Layers      []jsonStoredLayer `json:"layers"`
}

type jsonStoredNodes struct {
	Own int `json:"own"`
	All int `json:"all"`
}

type jsonStoredLayer struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

func newJSONStored(builds []lifecycle.Stored, missing []string) jsonStored {
	out := jsonStored{Version: statusVersion, Builds: []jsonStoredBuild{}, Missing: orEmpty(missing)}
	for i := range builds {
		b := &builds[i]
		build := jsonStoredBuild{
			Name: b.Name(), Project: b.Build.Project, Environment: b.Build.Env, Short: b.Build.Short, Commit: b.Build.Hash,
			Git: newJSONStatusGit(b.InGit, b.Git), Store: b.In.String(), Pushed: b.Pushed, Built: b.Run.Time, DBT: b.DBT,
			Nodes: jsonStoredNodes{b.Written, b.Nodes}, Layers: []jsonStoredLayer{},
		}
		for _, l := range b.Layers {
			build.Layers = append(build.Layers, jsonStoredLayer{l.Build, l.Size})
		}
		out.Builds = append(out.Builds, build)
	}
	return out
}
