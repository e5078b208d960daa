package mcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

type statusFields struct {
	Spec  string `json:"spec,omitempty" jsonschema:"only this build; default: all"`
	Check bool   `json:"check,omitempty" jsonschema:"also ask the warehouse whether the relations are there"`

	Handle string `json:"handle,omitempty" jsonschema:"instead: a build or comparison of this session"`
	Wait   *int   `json:"wait_seconds,omitempty" jsonschema:"how long to wait until that has ended (default 0)"`
}

// statusJSON is what is read of dot status (docs/status-json.md).
type statusJSON struct {
	Builds []struct {
		Name string `json:"name"`
		Git  *struct {
			Refs    []string `json:"refs"`
			Subject string   `json:"subject"`
		} `json:"git"`
		Superseded bool      `json:"superseded"`
		Used       time.Time `json:"used"`
		Last       struct {
			State   string `json:"state"`
			Command string `json:"command"`
			Result  string `json:"result"`
			Error   string `json:"error"`
			Holder  string `json:"holder"`
		} `json:"last"`
		Places []struct {
			Schemas []string `json:"schemas"`
			Nodes   *struct {
				Own    int `json:"own"`
				Broken int `json:"broken"`
			} `json:"nodes"`
			Below *struct {
				Name string `json:"name"`
			} `json:"below"`
		} `json:"places"`
		Resting   []string `json:"resting"`
		Directory string   `json:"directory"`
		Problems  []string `json:"problems"`
		Lacks     *struct {
			Schemas   []string `json:"schemas"`
			Relations []string `json:"relations"`
		} `json:"lacks"`
	} `json:"builds"`
	Missing  []string `json:"missing"`
	Problems []string `json:"problems"`
}

// statusAnswer is a list of builds in short.
type statusAnswer struct {
	Built    *buildAnswer   `json:"built,omitempty" jsonschema:"the build with the handle"`
	Compared *compareAnswer `json:"compared,omitempty" jsonschema:"the comparison with the handle"`
	Running  []string       `json:"running,omitempty" jsonschema:"handles of this session's builds and comparisons that go on"`
	Builds   []builtStatus  `json:"builds,omitempty" jsonschema:"the one that was used last comes first"`
	More     int            `json:"more,omitempty"`
	Missing  []string       `json:"missing,omitempty" jsonschema:"specs for which there is no build"`
	Problems []string       `json:"problems,omitempty"`
}

type builtStatus struct {
	Build   string   `json:"build"`
	State   string   `json:"state" jsonschema:"how its last command ended: ok, failed, interrupted, running, adopted, never or unknown"`
	Last    string   `json:"last,omitempty" jsonschema:"that command and its result"`
	Error   string   `json:"error,omitempty"`
	Used    string   `json:"used"`
	Commit  string   `json:"commit,omitempty" jsonschema:"refs and subject of its commit"`
	Schemas []string `json:"schemas,omitempty"`
	Nodes   string   `json:"nodes,omitempty"`
	Reads   string   `json:"reads,omitempty" jsonschema:"the build on which it rests"`
	Readers []string `json:"readers,omitempty" jsonschema:"the builds that rest on it"`
	Lacks   []string `json:"lacks,omitempty" jsonschema:"what the warehouse doesn't have of it"`
}

func (s *server) status(ctx context.Context, req *sdk.CallToolRequest, in statusFields) (statusAnswer, error) {
	wait, err := waiting(in.Wait, 0)
	switch {
	case err != nil:
		return statusAnswer{}, err
	case in.Handle != "" && (in.Spec != "" || in.Check):
		return statusAnswer{}, errors.New("handle: it names a build, so it can't be combined with spec or check")
	case in.Handle != "":
		j, err := s.jobs.find(in.Handle)
		if err != nil {
			return statusAnswer{}, err
		}
		j.await(ctx, wait, reporter(ctx, req))
		if j.kind == comparing {
			answer, err := s.compared(j)
			return statusAnswer{Compared: &answer}, err
		}
		answer, err := j.built()
		return statusAnswer{Built: &answer}, err
	case in.Wait != nil:
		return statusAnswer{}, errors.New("wait_seconds: it needs the handle of the build to wait for")
	}
	args := slices.Concat([]string{"status", "--format=json"}, quiet)
	if in.Check {
		args = append(args, "--check")
	}
	if in.Spec != "" {
		if err := isolated("spec", in.Spec); err != nil {
			return statusAnswer{}, err
		}
		args = append(args, in.Spec)
	}
	var found statusJSON
	if err := s.read(ctx, &found, args...); err != nil {
		return statusAnswer{}, err
	}
	answer := found.answer()
	answer.Running = s.jobs.running()
	return answer, nil
}

// answer shortens a list of builds.
func (s statusJSON) answer() statusAnswer {
	left := room(answerRoom)
	out := statusAnswer{Missing: clipAll(s.Missing, nameRoom)}
	out.Problems, _ = fit(&left, clipAll(s.Problems, messageRoom))
	var builds []builtStatus
	for _, b := range s.Builds {
		one := builtStatus{
			Build: clip(b.Name, nameRoom), State: b.Last.State, Error: clip(b.Last.Error, messageRoom),
			Used: b.Used.UTC().Format(time.RFC3339), Readers: clipAll(b.Resting, nameRoom),
			Last: clip(strings.TrimSpace(b.Last.Command+" "+b.Last.Result), nameRoom),
		}
		if b.Last.Holder != "" {
			one.Last = clip(one.Last+", by "+b.Last.Holder, nameRoom)
		}
		if b.Git != nil {
			one.Commit = clip(fmt.Sprintf("[%s] %s", strings.Join(b.Git.Refs, ", "), b.Git.Subject), nameRoom)
		}
		for _, p := range b.Places {
			one.Schemas = append(one.Schemas, clipAll(p.Schemas, nameRoom)...)
			if n := p.Nodes; n != nil && one.Nodes == "" {
				one.Nodes = fmt.Sprintf("%d of its own", n.Own)
				if n.Broken > 0 {
					one.Nodes += fmt.Sprintf(", %d broken", n.Broken)
				}
			}
			if p.Below != nil && one.Reads == "" {
				one.Reads = clip(p.Below.Name, nameRoom)
			}
		}
		if l := b.Lacks; l != nil {
			lacks := clipAll(slices.Concat(l.Schemas, l.Relations), nameRoom)
			if more := len(lacks) - 10; more > 0 {
				lacks = append(lacks[:10], fmt.Sprintf("%d more", more))
			}
			one.Lacks = lacks
		}
		builds = append(builds, one)
	}
	out.Builds, out.More = fit(&left, builds)
	return out
}
