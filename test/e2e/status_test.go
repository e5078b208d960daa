//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// builtStatus is what dot status says of a build.
type builtStatus struct {
	Name string
	Last struct {
		State, Command, Result string
		PID                    int
	}
	Places []struct {
		Schema string
		Nodes  struct{ Own, Broken, Building int }
		Below  *struct {
			Name  string
			Nodes *int
		}
	}
	Resting  []string
	Problems []string
}

// status returns what dot status says of one build.
func (s *shop) status(spec string) builtStatus {
	s.t.Helper()
	var list struct{ Builds []builtStatus }
	out := s.mustDot("status", spec, "--json").stdout
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Builds) != 1 {
		s.t.Fatalf("status of %s: %v\n%s", spec, err, out)
	}
	return list.Builds[0]
}

// wantStatus compares a build with what dot status says: the last command and its end, and the counts of nodes,
// own, broken, being built and below ("-" for no layer below).
func (s *shop) wantStatus(spec, last, nodes string) {
	s.t.Helper()
	b := s.status(spec)
	if got := b.Last.Command + " " + b.Last.State; got != last {
		s.t.Errorf("%s: the last command is %q, want %q", spec, got, last)
	}
	got := "none"
	if len(b.Places) == 1 {
		p := b.Places[0]
		got = fmt.Sprint(p.Nodes.Own, p.Nodes.Broken, p.Nodes.Building, " -")
		if p.Below != nil {
			got = strings.TrimSuffix(got, "-") + fmt.Sprint(*p.Below.Nodes)
		}
	}
	if got != nodes {
		s.t.Errorf("%s: nodes %q, want %q", spec, got, nodes)
	}
	if len(b.Problems) > 0 {
		s.t.Errorf("%s: %q", spec, b.Problems)
	}
}

// TestStatus proves A.10: what dot status says of a whole build, of one that rests on it, of a failed one, of one
// that runs and of one that was killed. The counts are those of the warehouse.
func TestStatus(t *testing.T) {
	slow(t)
	onOne(t, "postgres", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, nil)
		main := s.head()
		s.write("models/season.sql", "select 'autumn' as season, count(*) as fruits from {{ ref('cheap') }}\n")
		s.commit("Another season")
		if out := s.dot("status"); out.code != 0 || !strings.Contains(out.stderr, "no builds yet") {
			t.Errorf("without builds: exit code %d, %s", out.code, out.stderr)
		}
		s.mustDot("build", "prod@"+main)
		s.wantStatus("prod@"+main, "build ok", "3 0 0 -")
		s.mustDot("build", "dev@HEAD", "--defer", "prod@"+main, "--modified")
		s.wantStatus("dev@HEAD", "build ok", "1 0 0 2")
		s.wantTables("dev@HEAD", "season")
		if got := s.status("prod@" + main).Resting; len(got) != 1 || got[0] != "dev@"+s.head() {
			t.Errorf("on prod rest %q", got)
		}

		s.part("failed", func() {
			if res := s.dot("build", "dev@"+main, "--vars", "most: nothing"); res.code != 1 {
				t.Fatalf("exit code %d", res.code)
			}
			s.wantStatus("dev@"+main, "build failed", "1 2 0 -")
			s.wantStatus("prod@"+main, "build ok", "3 0 0 -")
		})
		s.part("running, then killed", func() {
			gate := s.newGate("before season")
			c := s.startAt(gate, "build", "prod@HEAD")
			opened := gate.wait(c)
			s.wantStatus("prod@HEAD", "build running", "0 0 3 -") // dot settles the ledger at the end
			if pid := s.status("prod@HEAD").Last.PID; pid != c.cmd.Process.Pid {
				t.Errorf("it is run by pid %d, want %d", pid, c.cmd.Process.Pid)
			}
			if out := s.mustDot("status").stdout; !strings.Contains(out, fmt.Sprintf("build running (pid %d)", c.cmd.Process.Pid)) {
				t.Errorf("nobody runs:\n%s", out)
			}
			c.signal(syscall.SIGKILL)
			<-c.done
			opened.Close()
			s.nobodyLeft()
			s.wantStatus("prod@HEAD", "build interrupted", "0 3 0 -")
			s.mustDot("build", "prod@HEAD", "--resume")
			s.wantStatus("prod@HEAD", "build ok", "3 0 0 -")
		})
		s.part("overwritten", func() { // by another build in the same schema
			s.write("dot_environments.yml", s.read("dot_environments.yml")+"  twin: {target: prod}\n")
			s.mustDot("run", "twin@HEAD", "-s", "season")
			s.wantStatus("twin@HEAD", "run ok", "1 0 0 -")
			s.wantStatus("prod@HEAD", "build ok", "2 1 0 -")
		})
	})
}
