//go:build unix

package e2e

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestMCP is a session of an agent: it edits a model, builds the working tree on top of production's
// build, compares the two, breaks the model, stops a build, and drops what it has built.
func TestMCP(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newShop(t, adapter)
		s.use(dbt)
		call := s.mcp("--allow-drop")
		want := func(what, got, wanted string) {
			t.Helper()
			if got != wanted {
				t.Errorf("%s: %q, want %q", what, got, wanted)
			}
		}

		var built struct {
			Handle, State, Schema, Said string
			Nodes                       map[string]int
			Failed                      []struct{ Node, Status, Message string }
		}
		call("build", map[string]any{"spec": "prod@main", "wait_seconds": 600}, &built)
		want("production's build", built.State, "built")

		name := "models/marts/revenue_by_month.sql"
		model := s.read(name)
		s.write(name, strings.Replace(model, "group by 1", "where status <> 'cancelled'\ngroup by 1", 1))
		tree := map[string]any{"spec": "dev@.", "baseline": "prod@main", "wait_seconds": 600}
		call("build", tree, &built)
		want("the working tree's build", built.State, "built")
		schema := built.Schema
		if !strings.HasPrefix(schema, "dev_wt_") {
			t.Errorf("its schema is %q", schema)
		}
		call("build", tree, &built)
		want("the same again", built.State, "up to date")

		var compared struct {
			State     string
			Verdicts  map[string]int
			Relations []struct {
				Name, Verdict, Changes, Reason string
				Columns, Sample                []string
			}
		}
		text := call("compare", map[string]any{"baseline": "prod@main", "candidate": "dev@.", "wait_seconds": 600}, &compared)
		want("the comparison", compared.State, "compared")
		found := false
		for _, r := range compared.Relations {
			if r.Name == "revenue_by_month" {
				found = true
				want("revenue_by_month", r.Verdict+" "+r.Changes, "differs ~2")
				if !slices.Contains(r.Columns, "orders 1") {
					t.Errorf("its columns: %q", r.Columns)
				}
			}
		}
		if !found || strings.Contains(text, "185.40") {
			t.Errorf("it lacks the model, or shows a value: %s", text)
		}

		s.write(name, strings.Replace(model, "group by 1", "group by nothing_like_that", 1))
		call("build", tree, &built)
		if built.State != "failed" || len(built.Failed) == 0 || built.Failed[0].Node != "model.revenue_by_month" || !strings.Contains(built.Failed[0].Message, "nothing_like_that") {
			t.Errorf("a broken model: %+v", built)
		}
		s.write(name, model)

		// A build that is stopped cancels its queries.
		s.write("models/slow.sql", "{{ config(materialized='table') }}\nselect pg_sleep(1000)::text as slept")
		call("build", map[string]any{"spec": "dev@.", "baseline": "prod@main", "select": "slow", "wait_seconds": 0}, &built)
		want("a slow build", built.State, "running")
		sleeping := "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(1000)%' and pid <> pg_backend_pid()"
		eventually(t, "it sleeps", func() bool { return s.query(sleeping)[0][0] != "0" })
		call("stop", map[string]any{"handle": built.Handle}, &built)
		want("the stopped build", built.State, "interrupted")
		eventually(t, "nothing sleeps", func() bool { return s.query(sleeping)[0][0] == "0" })

		var dropped struct {
			Dropped bool
			Said    []string
		}
		call("drop", map[string]any{"spec": "dev@."}, &dropped)
		schemas := s.query("select nspname from pg_namespace where nspname = '" + schema + "' or nspname like 'prod_%'")
		if !dropped.Dropped || len(schemas) != 1 || schemas[0][0] == schema {
			t.Errorf("dropped: %+v; schemas: %q", dropped, schemas)
		}
		if own := s.query("select nspname from pg_namespace where nspname in ('dev', 'prod')"); len(own) > 0 {
			t.Errorf("an environment's own schema was made: %q", own)
		}
	})
}

// mcp starts dot mcp and a client of it. The function calls a tool, decodes the answer, and returns it as text.
func (s *shop) mcp(args ...string) (call func(tool string, fields map[string]any, out any) string) {
	s.t.Helper()
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd, said := exec.Command(binary, append([]string{"mcp"}, args...)...), new(buffer) // the test's context ends before it is closed
	cmd.Dir, cmd.Env, cmd.Stderr = s.dir, s.env, said
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(s.t.Context(), &sdk.CommandTransport{Command: cmd}, nil)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, said)
	}
	s.t.Cleanup(func() {
		if err := session.Close(); err != nil {
			s.t.Errorf("dot mcp: %v\n%s", err, said)
		}
	})
	return func(tool string, fields map[string]any, out any) string {
		s.t.Helper()
		result, err := session.CallTool(s.t.Context(), &sdk.CallToolParams{Name: tool, Arguments: fields})
		if err != nil {
			s.t.Fatalf("%s: %v\n%s", tool, err, said)
		}
		text, err := json.Marshal(result.StructuredContent)
		if err != nil || result.StructuredContent == nil {
			s.t.Fatalf("%s: %v: %+v", tool, err, result.Content[0])
		}
		s.t.Logf("%s %v: %s", tool, fields, text)
		if err := json.Unmarshal(text, out); err != nil {
			s.t.Fatal(err)
		}
		return string(text)
	}
}
