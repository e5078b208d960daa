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

// A Launcher is the [Runner] of one invocation: it runs commands in a host where that is safe and spares a start of dbt,
// and each as a process of its own elsewhere. What comes of a command is the same.
type Launcher struct {
	mu     sync.Mutex
	shared map[hostKey]*sharedHost
	ways   []string
}

// sharedHost is what commands with the same key have in common.
type sharedHost struct {
	expected int
	begun    bool
	ready    chan struct{} // closed when one of the following is known
	host     *host
	refused  string // why there is none, "" if there is
}

// refusal is why a dbt is not hosted. It is no failure: dbt runs as a process of its own then.
type refusal string

func (r refusal) Error() string { return string(r) }

// Expect tells how many more commands of one kind there will be, with the environment that one of them has. From two on
// a host is worth its start, which begins at once.
func (l *Launcher) Expect(ctx context.Context, commands int, hosting Hosting, env []string) {
	shared := l.of(hosting, env)
	l.mu.Lock()
	shared.expected += commands
	l.mu.Unlock()
	if hosting.refusal(env) == "" {
		l.begin(ctx, shared, hosting, env)
	} // else it may come to be: a toolchain is still to be made
}

// Run runs a command. See [Exec.Run] for its error; besides, a host can be lost, which is one.
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

// Ways says how the commands were run, and why so: a sentence for each dbt and way, in the order of their first commands.
func (l *Launcher) Ways() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ways)
}

// TryHost starts a host for commands with this environment, and ends it. It says why they can't be run in one; "" if they
// can.
func TryHost(ctx context.Context, hosting Hosting, env []string) string {
	if reason := hosting.refusal(env); reason != "" {
		return reason
	}
	host, err := startHost(ctx, hosting.Tool.Argv[0], hosting.Adapter, env)
	if err != nil {
		return err.Error()
	}
	host.close()
	return ""
}

// hostFor is the host for a call, once it is ready; nil if there is none.
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
		l.note(call.Hosting, "as a process of its own: there is one command for it")
		return nil
	}
	<-shared.ready // soon after ctx is done at the latest
	if ctx.Err() != nil {
		return nil // nothing will run
	}
	if shared.refused != "" {
		l.note(call.Hosting, "as a process of its own: "+shared.refused)
		return nil
	}
	l.note(call.Hosting, "in a host, which has it imported")
	return shared.host
}

// begin starts the host if it is worth it, and tells whether it is.
func (l *Launcher) begin(ctx context.Context, shared *sharedHost, hosting Hosting, env []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if shared.begun || shared.expected < 2 {
		return shared.begun
	}
	shared.begun = true
	go func() {
		defer close(shared.ready)
		host, err := startHost(ctx, hosting.Tool.Argv[0], hosting.Adapter, env)
		if err != nil {
			shared.refused = err.Error()
			return
		}
		shared.host = host
	}()
	return true
}

// of is what the commands of one kind share.
func (l *Launcher) of(hosting Hosting, env []string) *sharedHost {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := hosting.key(env)
	shared := l.shared[key]
	if shared == nil {
		if l.shared == nil {
			l.shared = map[hostKey]*sharedHost{}
		}
		shared = &sharedHost{ready: make(chan struct{})}
		l.shared[key] = shared
	}
	return shared
}

// note keeps how a command was run.
func (l *Launcher) note(hosting Hosting, how string) {
	way := fmt.Sprintf("%s ran %s", text.ShellQuote(hosting.Tool.Argv), how)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.ways, way) {
		l.ways = append(l.ways, way)
	}
}
