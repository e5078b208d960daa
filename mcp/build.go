package mcp

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// How long a call waits for a build, in seconds. Many clients give a call a minute.
const (
	usualWait = 45
	maxWait   = 3600
)

type buildCall struct {
	buildFields
	Wait *int `json:"wait_seconds,omitempty" jsonschema:"how long to wait for the result (default 45). A build that takes longer goes on, and the answer has its handle"`
}

type stopFields struct {
	Handle string `json:"handle" jsonschema:"of a running build or comparison"`
}

type stopAnswer struct {
	Handle string `json:"handle"`
	State  string `json:"state" jsonschema:"interrupted, or ended before"`
}

// buildAnswer is a build that ended or goes on.
type buildAnswer struct {
	Handle   string         `json:"handle" jsonschema:"status and stop take it"`
	Spec     string         `json:"spec"`
	State    string         `json:"state" jsonschema:"running, built, up to date, nothing to do, failed, interrupted, blocked or refused"`
	Build    string         `json:"build,omitempty"`
	Schema   string         `json:"schema,omitempty"`
	Why      string         `json:"why,omitempty"`
	Nodes    map[string]int `json:"nodes,omitempty" jsonschema:"numbers of nodes by dbt's status"`
	Seconds  float64        `json:"seconds,omitempty"`
	Progress string         `json:"progress,omitempty"`
	Failed   []failedNode   `json:"failed,omitempty" jsonschema:"nodes that failed; logs has more"`
	More     int            `json:"more_failed,omitempty"`
	Said     string         `json:"said,omitempty" jsonschema:"dot's messages"`
}

func (s *server) build(ctx context.Context, req *sdk.CallToolRequest, in buildCall) (buildAnswer, error) {
	wait, err := waiting(in.Wait, usualWait)
	if err != nil {
		return buildAnswer{}, err
	}
	args, err := in.args()
	if err != nil {
		return buildAnswer{}, err
	}
	j, err := s.start(building, in.Spec, args)
	if err != nil {
		return buildAnswer{}, err
	}
	j.awaitOwn(ctx, wait, reporter(ctx, req))
	return j.built()
}

// awaitOwn is await for the call that has started the job: cancelling the call ends the job.
func (j *job) awaitOwn(call context.Context, wait time.Duration, report func(progress)) {
	j.await(call, wait, report)
	if call.Err() != nil {
		j.cancel(errCancelled)
		<-j.done
	}
}

func (s *server) stop(call context.Context, _ *sdk.CallToolRequest, in stopFields) (stopAnswer, error) {
	j, err := s.jobs.find(in.Handle)
	if err != nil {
		return stopAnswer{}, err
	}
	j.cancel(errCancelled)
	select {
	case <-j.done: // dbt may take a while to cancel its queries
	case <-call.Done():
	}
	return stopAnswer{in.Handle, j.state()}, nil
}

// state says whether the job goes on.
func (j *job) state() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case !j.ended:
		return stateRunning
	case j.stopped:
		return stateInterrupted
	}
	return "ended before"
}

// waiting checks a number of seconds to wait.
func waiting(asked *int, usual int) (time.Duration, error) {
	seconds := usual
	if asked != nil {
		seconds = *asked
	}
	if seconds < 0 || seconds > maxWait {
		return 0, fmt.Errorf("wait_seconds %d: from 0 to %d are allowed", seconds, maxWait)
	}
	return time.Duration(seconds) * time.Second, nil
}

// reporter sends progress to a client that has asked for it. Progress always grows, as the protocol
// wants it.
func reporter(ctx context.Context, req *sdk.CallToolRequest) func(progress) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return func(progress) {}
	}
	last := -1
	return func(p progress) {
		done := p.StepsDone + p.NodesDone
		if done <= last {
			return
		}
		last = done
		told := &sdk.ProgressNotificationParams{ProgressToken: token, Progress: float64(done), Message: clip(p.Now, nameRoom)}
		if p.Nodes > 0 {
			told.Total = float64(max(p.Steps+p.Nodes, done))
		}
		_ = req.Session.NotifyProgress(ctx, told) // a client that is gone is noticed elsewhere
	}
}

// States of a build that dot's events don't have.
const (
	stateRunning     = "running"
	stateRefused     = "refused"
	stateInterrupted = "interrupted"
)

// far says how far the job has come, for people. j.mu is held.
func (j *job) farSaid() string {
	said := fmt.Sprintf("%d of %d steps", j.StepsDone, j.Steps)
	if j.Nodes > 0 {
		said += fmt.Sprintf(", %d of %d nodes", j.NodesDone, j.Nodes)
	}
	return said + "; " + clip(j.Now, nameRoom)
}

// built says how a build ended, or how far it has come. The error is an answeredError if it failed.
func (j *job) built() (buildAnswer, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	left := room(answerRoom)
	out := buildAnswer{Handle: j.handle, Spec: j.what, State: stateRunning, Said: j.said.String()}
	out.Failed, out.More = fit(&left, j.failed)
	if !j.ended {
		out.Progress = j.farSaid()
		return out, nil
	}
	out.State = "built"
	if r := j.result; r != nil {
		out.State, out.Build, out.Schema, out.Why = r.Status, clip(r.Name, nameRoom), clip(r.Schema, nameRoom), clip(r.Why, messageRoom)
		out.Nodes, out.Seconds = r.Counts, r.Seconds
	}
	switch {
	case j.err == nil:
		return out, nil
	case j.stopped:
		out.State = stateInterrupted
	case j.result == nil:
		out.State, out.Why = stateRefused, clip(j.err.Error(), messageRoom)
	}
	if len(j.steps) > 0 {
		out.Why = clip(j.steps[0], messageRoom)
	}
	return out, &answeredError{}
}
