package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// A build or a comparison may take longer than a client waits for an answer. So it is a job of the server: the call
// that has started it waits for a while, and then answers with the job's handle, by which later calls
// ask for it. Cancelling the call that waits ends the job; a call that asks by handle doesn't.

// errCancelled is the cause of the end of a job that a client cancelled.
var errCancelled = errors.New("cancelled")

// maxEnded is the number of ended jobs that can be asked for.
const maxEnded = 20

// jobs are the builds and comparisons of a server.
type jobs struct {
	mu   sync.Mutex
	all  []*job // the newest last
	made int
	work sync.WaitGroup
}

// A job is a build or a comparison.
type job struct {
	kind         kind
	handle, what string // what is what it works on, for people
	cancel       context.CancelCauseFunc
	done         chan struct{} // closed when the child has ended
	moved        chan struct{} // has a value if there is progress that nobody has taken

	mu sync.Mutex
	progress
	events
	said    tail
	printed bytes.Buffer // the report of a comparison
	err     error        // that it could not be run, or failed
	ended   bool
	stopped bool // before its end
}

// A kind of job is the command of dot that it runs.
type kind string

const (
	building  kind = "build"
	comparing kind = "compare"
)

// progress says how far a job has come: steps of dot's, and nodes of dbt's.
type progress struct {
	Steps, StepsDone int
	Nodes, NodesDone int
	Now              string // what goes on
}

// start starts a build or a comparison, as a job.
func (s *server) start(k kind, what string, args []string) (*job, error) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	running := s.jobs.live()
	if len(running) >= maxJobs {
		return nil, hint.New(fmt.Sprintf("%d commands run already: %s", len(running), strings.Join(running, ", ")), "wait for one: status with its handle", "or end one: stop")
	}
	if s.ctx.Err() != nil {
		return nil, context.Cause(s.ctx)
	}
	s.jobs.made++
	ctx, cancel := context.WithCancelCause(s.ctx)
	j := &job{
		kind: k, handle: fmt.Sprintf("%s-%d", k, s.jobs.made), what: what, cancel: cancel,
		done: make(chan struct{}), moved: make(chan struct{}, 1),
	}
	j.Now = "starting"
	s.jobs.forget()
	s.jobs.all = append(s.jobs.all, j)
	child := s.command(append([]string{string(k), "--log=json"}, args...)...)
	// A build prints events, and says the rest on stderr. A comparison prints its report, and says both.
	stdout, stderr := proc.NewLines(j.read), proc.NewLines(j.read)
	child.Stdout, child.Stderr = stdout, stderr
	if k == comparing {
		child.Stdout = &j.printed
	}
	s.jobs.work.Go(func() {
		defer close(j.done)
		defer cancel(nil)
		exit, err := child.Run(ctx)
		stdout.End()
		stderr.End()
		j.end(ctx, exit, err)
	})
	return j, nil
}

// running are the jobs that have not ended, for people.
func (all *jobs) running() []string {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.live()
}

func (all *jobs) live() []string {
	var running []string
	for _, j := range all.all {
		if !j.hasEnded() {
			running = append(running, j.handle+" ("+j.what+")")
		}
	}
	return running
}

// forget drops the oldest of the ended jobs, if there are many.
func (all *jobs) forget() {
	ended := 0
	for _, j := range all.all {
		if j.hasEnded() {
			ended++
		}
	}
	all.all = slices.DeleteFunc(all.all, func(j *job) bool {
		if ended < maxEnded || !j.hasEnded() {
			return false
		}
		ended--
		return true
	})
}

// find returns the job with a handle.
func (all *jobs) find(handle string) (*job, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	var known []string
	for _, j := range all.all {
		if j.handle == handle {
			return j, nil
		}
		known = append(known, j.handle)
	}
	if len(known) == 0 {
		known = []string{"none"}
	}
	return nil, fmt.Errorf("this server has no handle %q; it has: %s", clip(handle, 40), strings.Join(known, ", "))
}

// hasEnded reports whether the child has ended.
func (j *job) hasEnded() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// end notes how the child ended.
func (j *job) end(ctx context.Context, exit proc.Exit, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	switch {
	case ctx.Err() != nil && !exit.OK():
		j.stopped, j.err = true, fmt.Errorf("stopped: %w", context.Cause(ctx))
	case err != nil:
		j.err = err
	case !exit.OK():
		j.err = errors.New(exit.String())
	}
}

// await waits until the job has ended, the time is over, or the call is done. It calls report when there
// is progress, at most a few times a second.
func (j *job) await(call context.Context, wait time.Duration, report func(progress)) {
	over := time.NewTimer(wait)
	defer over.Stop()
	var next time.Time
	for {
		select {
		case <-j.done:
			return
		case <-over.C:
			return
		case <-call.Done():
			return
		case <-j.moved:
			if now := time.Now(); now.After(next) {
				next = now.Add(200 * time.Millisecond)
				report(j.far())
			}
		}
	}
}

// far is how far the job has come.
func (j *job) far() progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.progress
}

// events are what a job's events have said (docs/events.md).
type events struct {
	failed []failedNode
	steps  []string        // errors of steps
	output strings.Builder // the beginning of what the step before dbt's command prints
	result *eventBuild
}

type failedNode struct {
	Node    string `json:"node"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// maxFailed is the number of failed nodes that a job keeps.
const maxFailed = 1000

// event is what is read of an event.
type event struct {
	Event  string       `json:"event"`
	Step   string       `json:"step"`
	Build  string       `json:"build"` // only of the command itself
	State  string       `json:"state"`
	Error  string       `json:"error"`
	Text   string       `json:"text"`
	Total  int          `json:"total"`
	Done   int          `json:"done"`
	Builds []eventBuild `json:"builds"`
	Node   *struct {
		ID      string `json:"unique_id"`
		Name    string `json:"name"`
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"node"`
}

type eventBuild struct {
	Name    string         `json:"name"`
	Schema  string         `json:"schema"`
	Status  string         `json:"status"`
	Why     string         `json:"why"`
	Counts  map[string]int `json:"counts"`
	Seconds float64        `json:"seconds"`
}

// good are the statuses of nodes that have not failed.
var good = []string{"success", "pass", "warn", "no-op", "reused", "skipped"}

// commandToContinue begins the hint that has a command line to go on with. An agent has no command line.
const commandToContinue = "hint: continue after the failure: "

// read takes an event of the child.
func (j *job) read(line []byte) {
	var e event
	j.mu.Lock()
	switch {
	case json.Unmarshal(line, &e) == nil && e.Event != "":
		j.take(e)
	case j.kind == building && bytes.HasPrefix(bytes.TrimSpace(line), []byte(commandToContinue)):
		j.said.add("hint: to go on after the failure, build the same with resume: true")
	default:
		j.said.add(string(line))
	}
	j.mu.Unlock()
	select {
	case j.moved <- struct{}{}:
	default:
	}
}

// take notes what an event says. j.mu is held.
func (j *job) take(e event) {
	switch e.Event {
	case "step":
		switch e.State {
		case "planned":
			j.Steps++
		case "started":
			j.Now = e.Step
			j.output.Reset()
		case "failed":
			j.said.add(j.output.String()) // a mistake in the project's files
			j.output.Reset()
			if e.Error != "" {
				j.steps = append(j.steps, e.Step+": "+e.Error)
			}
			fallthrough
		case "ok", "not run":
			j.StepsDone++
		}
	case "line":
		if e.Total > 0 {
			j.Nodes = e.Total
		}
		if e.Build == "" && j.output.Len() < outputRoom && strings.TrimSpace(e.Text) != "" {
			j.output.WriteString(clip(e.Text, nameRoom) + "\n")
		}
	case "progress":
		j.Nodes, j.NodesDone = e.Total, e.Done
		j.Now = e.Step
	case "waiting":
		j.Now = e.Text
	case "warning":
		j.said.add("warning: " + e.Text)
	case "node":
		if e.Node == nil || e.Node.Status == "started" {
			return
		}
		j.NodesDone++
		j.Now = shortID(e.Node.ID) + ": " + e.Node.Status
		if !slices.Contains(good, e.Node.Status) && len(j.failed) < maxFailed {
			j.failed = append(j.failed, failedNode{shortID(e.Node.ID), e.Node.Status, clip(e.Node.Message, messageRoom)})
		}
	case "end":
		if len(e.Builds) > 0 {
			j.result = &e.Builds[0]
		}
	}
}

// tail is the end of what dot says, by lines.
type tail struct {
	lines []string
	size  int
}

func (t *tail) add(line string) {
	line = clip(line, errorRoom)
	if line == "" {
		return
	}
	t.lines, t.size = append(t.lines, line), t.size+len(line)+1
	for t.size > errorRoom && len(t.lines) > 1 {
		t.size -= len(t.lines[0]) + 1
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string { return strings.Join(t.lines, "\n") }
