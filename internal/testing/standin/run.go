package standin

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// run runs the nodes and writes the run results.
func (s *session) run(nodes []*node) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(nodes) == 0 {
		s.printf("Nothing to do. Try checking your model configs and model specification args")
		return s.writeResults(nil)
	}
	w, err := s.openWarehouse()
	if err != nil {
		return err
	}
	defer w.close()
	if s.format == "json" {
		s.say(event{"info", "ConcurrencyLine", "Q027", map[string]any{"node_count": len(nodes), "num_threads": 1}}, "Concurrency: 1 threads")
	}
	var results []result
	for i, n := range nodes {
		if ctx.Err() != nil {
			break
		}
		if err := s.logStart(n); err != nil {
			return err
		}
		s.sayStart(n, i+1, len(nodes))
		r := s.timed(func() result { return s.runNode(w, n, nodes, results) })
		s.sayEnd(n, r, i+1, len(nodes))
		if err := s.logEnd(n, r, i+1, len(nodes)); err != nil {
			return err
		}
		results = append(results, r)
		if i > 0 {
			continue
		}
		if err := s.die(s.line.command); err != nil {
			return err
		}
		if err := s.hang(ctx, s.line.command); err != nil {
			return err
		}
	}
	if err := s.writeResults(results); err != nil {
		return err
	}
	s.sayStats(results)
	if ctx.Err() != nil {
		s.printf("CANCEL query\nExited because of keyboard interrupt")
		return &exit{code: 2}
	}
	if slices.ContainsFunc(results, func(r result) bool { return r.Status == "error" || r.Status == "fail" }) {
		return &exit{1, "Completed with errors"}
	}
	s.printf("Completed successfully")
	return nil
}

// timed runs work on a node and records its times.
func (s *session) timed(work func() result) result {
	start := s.Now().UTC()
	r := work()
	r.Thread = "Thread-1 (worker)"
	if r.Status != "skipped" {
		r.Timing = []timing{{"compile", start, start}, {"execute", start, s.Now().UTC()}}
	}
	return r
}

// runNode runs one node: it compiles it and, if the command builds, writes it.
func (s *session) runNode(w *warehouse, n *node, selected []*node, before []result) result {
	r := result{ID: n.ID, Status: "success", Seconds: 0.1, Relation: n.Relation}
	if n.Type == "test" {
		r.Status, r.Failures = "pass", new(int)
	}
	if s.line.command == "compile" {
		r.Status = "success"
	}
	fail := func(status, message string) result {
		r.Status, r.Message = status, message
		return r
	}
	for _, b := range before {
		if (b.Status == "error" || b.Status == "skipped" || b.Status == "fail") && slices.Contains(n.Depends.Nodes, b.ID) {
			return fail("skipped", "")
		}
	}
	sql, missing, err := s.compile(w, n, selected)
	switch {
	case err != nil:
		return fail("error", err.Error())
	case s.line.command == "compile":
		return r
	case missing != "":
		return fail("error", "Catalog Error: Table with name "+missing+" does not exist!")
	case slices.Contains(strings.Fields(s.getenv("STANDIN_FAIL")), n.Name) && n.Type == "test":
		*r.Failures = 1
		r.Status, r.Message = "fail", "Got 1 result, configured to fail if != 0"
	case slices.Contains(strings.Fields(s.getenv("STANDIN_FAIL")), n.Name):
		return fail("error", "STANDIN_FAIL names "+n.Name)
	}
	if n.Relation != nil {
		if s.line.on("empty") {
			sql += "-- empty\n"
		}
		if err := w.put(n, sql); err != nil {
			return fail("error", err.Error())
		}
	}
	return r
}

// compile returns the node's SQL, with relations in place of refs, and the first of those that does
// not exist.
func (s *session) compile(w *warehouse, n *node, selected []*node) (sql, missing string, err error) {
	if n.Type == "seed" {
		return n.Raw, "", nil
	}
	names := s.names.with(scope{
		"config":         func(*exec.VarArgs) (any, error) { return "", nil },
		"is_incremental": func(*exec.VarArgs) (any, error) { return w.has(n) && !s.line.on("full-refresh"), nil },
		"ref": func(args *exec.VarArgs) (any, error) {
			name := args.Args[len(args.Args)-1].String()
			i := slices.IndexFunc(n.Depends.Nodes, func(id string) bool { return s.nodes[id].Name == name })
			if i < 0 {
				return nil, errors.New("a ref that was not there when the project was parsed")
			}
			on := s.deferred(w, s.nodes[n.Depends.Nodes[i]], selected)
			if !w.has(on) && missing == "" {
				missing = *on.Relation
			}
			return *on.Relation, nil
		},
		"source": func(args *exec.VarArgs) (any, error) {
			return `"` + args.Args[0].String() + `"."` + args.Args[1].String() + `"`, nil
		},
		"this": *ptr(n.Relation),
	})
	sql, err = names.render(s.project.macros + n.Raw)
	return strings.TrimSpace(sql) + "\n", missing, err
}

// deferred returns the node that a ref reads: the node itself or, with --defer, the state's.
func (s *session) deferred(w *warehouse, n *node, selected []*node) *node {
	was := s.deferState[n.ID]
	if !s.line.on("defer") || was == nil || slices.Contains(selected, n) && s.line.command != "test" {
		return n
	}
	if s.line.on("favor-state") || !w.has(n) {
		return was
	}
	return n
}

func ptr(s *string) *string {
	if s == nil {
		return new(string)
	}
	return s
}
