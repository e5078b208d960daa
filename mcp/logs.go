package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

type logsFields struct {
	Spec string `json:"spec" jsonschema:"the build"`
	Node string `json:"node,omitempty" jsonschema:"a node's name, such as orders: all that is known of it, with its compiled SQL. Default: the nodes that failed"`
}

// logsAnswer is what dbt said about nodes in a build's last run.
type logsAnswer struct {
	Build string     `json:"build"`
	State string     `json:"state" jsonschema:"how its last command ended"`
	Last  string     `json:"last,omitempty" jsonschema:"that command and its result"`
	Error string     `json:"error,omitempty"`
	Nodes []nodeLogs `json:"nodes"`
	More  int        `json:"more_nodes,omitempty"`
	Note  string     `json:"note,omitempty"`
}

type nodeLogs struct {
	Node    string  `json:"node"`
	Status  string  `json:"status"`
	Seconds float64 `json:"seconds"`
	Message string  `json:"message,omitempty"`
	SQL     string  `json:"compiled_sql,omitempty"`
}

// The limits of files and of texts about one node, in bytes.
const (
	maxResults = 256 << 20
	nodeTexts  = 6_000
)

// logs reads the results of a build's last run, which dbt leaves in the build's directory. The node is
// looked for among them: it is no part of a path.
func (s *server) logs(ctx context.Context, _ *sdk.CallToolRequest, in logsFields) (logsAnswer, error) {
	if err := isolated("spec", in.Spec); err != nil {
		return logsAnswer{}, err
	}
	if in.Node != "" {
		if err := sized("node", in.Node, maxName); err != nil {
			return logsAnswer{}, err
		}
	}
	var found statusJSON
	if err := s.read(ctx, &found, slices.Concat([]string{"status", "--format=json"}, quiet, []string{in.Spec})...); err != nil {
		return logsAnswer{}, err
	}
	if len(found.Builds) == 0 {
		return logsAnswer{}, fmt.Errorf("%s was never built", clip(in.Spec, nameRoom))
	}
	b := found.Builds[0] // the one that was used last
	out := logsAnswer{
		Build: clip(b.Name, nameRoom), State: b.Last.State, Last: clip(strings.TrimSpace(b.Last.Command+" "+b.Last.Result), nameRoom),
		Error: clip(b.Last.Error, nodeTexts), Nodes: []nodeLogs{},
	}
	results, err := readResults(b.Directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		out.Note = "dbt has run no node"
		return out, nil
	case err != nil:
		return logsAnswer{}, err
	}
	out.add(results, in.Node)
	return out, nil
}

// nodeResult is what is read of a node in run_results.json.
type nodeResult struct {
	ID      string  `json:"unique_id"`
	Status  string  `json:"status"`
	Seconds float64 `json:"execution_time"`
	Message string  `json:"message"`
	SQL     string  `json:"compiled_code"`
}

// readResults reads the results of a build's last run. No link leads out of its directory.
func readResults(dir string) ([]nodeResult, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open("target/run_results.json")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all struct {
		Results []nodeResult `json:"results"`
	}
	if err := json.NewDecoder(io.LimitReader(f, maxResults)).Decode(&all); err != nil {
		return nil, fmt.Errorf("read dbt's results of the build: %w", err)
	}
	return all.Results, nil
}

// add adds the nodes that failed or, if a node is named, all that is known of it.
func (out *logsAnswer) add(results []nodeResult, node string) {
	left := room(answerRoom)
	var all []nodeLogs
	for _, r := range results {
		one := nodeLogs{Node: shortID(r.ID), Status: r.Status, Seconds: r.Seconds, Message: clip(r.Message, messageRoom)}
		switch {
		case node == "" && !slices.Contains(good, r.Status):
			all = append(all, one)
		case node != "" && (r.ID == node || shortID(r.ID) == node || slices.Contains(strings.Split(r.ID, ".")[1:], node)):
			one.Message, one.SQL = clip(r.Message, nodeTexts), clip(r.SQL, nodeTexts)
			all = append(all, one)
		}
	}
	if kept, more := fit(&left, all); len(kept) > 0 {
		out.Nodes, out.More = kept, more
	}
	switch {
	case len(all) > 0:
	case node != "":
		out.Note = "dbt's last run on this build had no such node"
	default:
		out.Note = "no node failed in dbt's last run on this build"
	}
}
