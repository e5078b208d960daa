package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// A Launcher is the [Runner] of one invocation. It runs a command in a host if that is safe and
// saves a start of dbt, and else as a process of its own. The results are the same.
type Launcher struct {
	// lasting is the context that hosts start with, nil for the one of their first command.
	lasting context.Context

	mu     sync.Mutex
	shared map[hostKey]*sharedHost
	ways   []string
}

// sharedHost is the common state of commands with the same key.
type sharedHost struct {
	expected int
	begun    bool
	ready    chan struct{} // closed when host or refused is set
	host     *host
	refused  string // why there is no host, "" if there is one
}

// refusal is why a dbt is not hosted. It is no failure: dbt then runs as a process of its own.
type refusal string

func (r refusal) Error() string { return string(r) }

// NewLauncher returns a Launcher for programs that run one after another: a host is there for the
// next one, too, also if its first command is cancelled. Hosts start only as long as ctx lasts.
func NewLauncher(ctx context.Context) *Launcher { return &Launcher{lasting: ctx} }

// Expect announces commands of one kind, all with this environment. From two commands on, a host is
// worth its start, which begins at once.
func (l *Launcher) Expect(ctx context.Context, commands int, hosting Hosting, env []string) {
	shared := l.of(hosting, env)
	l.mu.Lock()
	shared.expected += commands
	l.mu.Unlock()
	if hosting.refusal(env) == "" {
		l.begin(ctx, shared, hosting, env)
	} // otherwise Run may start it: a toolchain may not be installed yet
}

// Run runs a command. Its errors are those of [Exec.Run], and the loss of a host.
func (l *Launcher) Run(ctx context.Context, call Call) (proc.Exit, error) {
	defer call.listen()()
	host := l.hostFor(ctx, call)
	if host == nil {
		return Exec{}.Run(ctx, call)
	}
	exit, err := host.run(ctx, call)
	if reason := refusal(""); errors.As(err, &reason) {
		l.note(call.Hosting, "as a process of its own: "+string(reason))
		return Exec{}.Run(ctx, call)
	}
	return exit, err
}

// Close ends the hosts. No command may be running.
func (l *Launcher) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, shared := range l.shared {
		if !shared.begun {
			continue
		}
		<-shared.ready
		if shared.host != nil {
			shared.host.close()
		}
	}
	l.shared = nil
}

// Ways says how the commands ran, and why: a sentence for each dbt and way, in the order of their
// first commands.
func (l *Launcher) Ways() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ways)
}

// TryHost starts and ends a host for commands with this environment. It returns whether they can run
// in one, and why not, or what else there is to say.
func TryHost(ctx context.Context, hosting Hosting, env []string) (can bool, note string) {
	if reason := hosting.refusal(env); reason != "" {
		return false, reason
	}
	host, err := startHost(ctx, hosting.Tool.Argv[0], hosting.Adapter, env)
	if err != nil {
		return false, hosting.refusedBy(err.Error(), env)
	}
	host.close()
	return true, hosting.accepted(env)
}

// hostFor returns the host for a call, once it is ready; nil if there is none.
func (l *Launcher) hostFor(ctx context.Context, call Call) *host {
	if call.Interactive || len(call.Hosting.Tool.Argv) == 0 {
		return nil
	}
	if reason := call.Hosting.refusal(call.Env); reason != "" {
		l.note(call.Hosting, "as a process of its own: "+reason)
		return nil
	}
	shared := l.of(call.Hosting, call.Env)
	if !l.begin(ctx, shared, call.Hosting, call.Env) {
		l.note(call.Hosting, "as a process of its own: only one command uses it")
		return nil
	}
	select {
	case <-shared.ready:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil // nothing will run
	}
	if shared.refused != "" {
		l.note(call.Hosting, "as a process of its own: "+shared.refused)
		return nil
	}
	way := "in a host, which imports dbt once"
	if note := call.Hosting.accepted(call.Env); note != "" {
		way += "; " + note
	}
	l.note(call.Hosting, way)
	return shared.host
}

// begin starts the host if it is worth it, and reports whether it is.
func (l *Launcher) begin(ctx context.Context, shared *sharedHost, hosting Hosting, env []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if shared.begun || shared.expected < 2 {
		return shared.begun
	}
	shared.begun = true
	if l.lasting != nil {
		ctx = l.lasting
	}
	go func() {
		defer close(shared.ready)
		host, err := startHost(ctx, hosting.Tool.Argv[0], hosting.Adapter, env)
		if err != nil {
			shared.refused = hosting.refusedBy(err.Error(), env)
			return
		}
		shared.host = host
	}()
	return true
}

// of returns the common state of the commands of one kind.
func (l *Launcher) of(hosting Hosting, env []string) *sharedHost {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := hosting.key(env)
	shared := l.shared[key]
	if shared == nil || shared.lost() {
		if l.shared == nil {
			l.shared = map[hostKey]*sharedHost{}
		}
		next := &sharedHost{ready: make(chan struct{})}
		if shared != nil {
			shared.host.close()
			next.expected = shared.expected
		}
		shared = next
		l.shared[key] = shared
	}
	return shared
}

// lost reports whether there was a host, which has ended.
func (s *sharedHost) lost() bool {
	select {
	case <-s.ready:
		return s.host != nil && s.host.ended()
	default:
		return false
	}
}

// note records how a command ran.
func (l *Launcher) note(hosting Hosting, how string) {
	way := fmt.Sprintf("%s ran %s", text.ShellQuote(hosting.Tool.Argv), how)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.ways, way) {
		l.ways = append(l.ways, way)
	}
}
