package run

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

//go:embed host.py
var hostProgram string

// A host is a Python process that has imported dbt, and forks a child for each command. host.py
// describes it, and the messages on its sockets.
type host struct {
	control *os.File      // a socket for messages to it
	sending sync.Mutex    // of control
	kill    chan struct{} // closed to kill it
	killed  sync.Once
	gone    chan struct{} // closed when it has ended
	err     error         // set when it has ended: why; nil if it ended as it should
}

// startHost starts a host and waits until it has imported dbt. The error is a [refusal] if this dbt
// can't be hosted.
func startHost(ctx context.Context, script, adapter string, env []string) (*host, error) {
	python, err := tool.Interpreter(script)
	if err != nil {
		return nil, refusal(err.Error())
	}
	ours, theirs, err := socketPair(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, refusal("no socket for it: " + err.Error())
	}
	h := &host{control: ours, kill: make(chan struct{}), gone: make(chan struct{})}
	go func() {
		defer close(h.gone)
		// Only its socket, or a kill, ends it. A cancelled context only ends its children.
		_, h.err = proc.Output(proc.WithKill(context.WithoutCancel(ctx), h.kill), proc.Command{
			Argv:  []string{python, "-", "3", script, adapter},
			Stdin: strings.NewReader(hostProgram), Dir: "/", Env: env, Inherit: []*os.File{theirs},
		})
		theirs.Close() // its last copy in this process: the end of the host then shows on our socket
	}()
	if err := h.greeting(ctx); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// greeting waits for the host's first message.
func (h *host) greeting(ctx context.Context) error {
	stop := context.AfterFunc(ctx, h.abandon)
	defer stop()
	message := make([]byte, 8<<10)
	n, err := h.control.Read(message)
	said := strings.ToValidUTF8(string(message[:n]), "\uFFFD")
	reason, refused := strings.CutPrefix(said, "refused ")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil || n == 0:
		h.abandon()
		<-h.gone
		return refusal(h.whyGone())
	case refused:
		return refusal(reason)
	case said != "ready":
		h.abandon()
		return refusal(fmt.Sprintf("it should say that it is ready, but says %q", text.Shorten(said)))
	}
	return nil
}

// whyGone says how a host ended that should not have ended.
func (h *host) whyGone() string {
	var failed *proc.ExitError
	switch {
	case errors.As(h.err, &failed) && failed.Stderr != "":
		lines := strings.Split(failed.Stderr, "\n")
		return fmt.Sprintf("the host ended (%s): %s", failed.Exit, lines[len(lines)-1])
	case failed != nil:
		return fmt.Sprintf("the host ended (%s)", failed.Exit)
	case h.err != nil:
		return h.err.Error()
	}
	return "the host ended"
}

// abandon kills a host that misbehaves. Linux then sends SIGINT to its running commands.
func (h *host) abandon() { h.killed.Do(func() { close(h.kill) }) }

// ended reports whether the host has ended.
func (h *host) ended() bool {
	select {
	case <-h.gone:
		return true
	default:
		return false
	}
}

// close ends a host that has no command running.
func (h *host) close() {
	h.control.Close()
	if !within(stuck, h.gone) {
		h.abandon()
		<-h.gone
	}
}

// run runs a command in a child of the host. The error is a refusal if there is no child; then
// nothing was run.
func (h *host) run(ctx context.Context, call Call) (proc.Exit, error) {
	if ctx.Err() != nil {
		return proc.Exit{}, fmt.Errorf("dbt was not started: %w", context.Cause(ctx))
	}
	streams, err := openStreams(call)
	if err != nil {
		return proc.Exit{}, err
	}
	hosted, err := h.send(call, streams)
	streams.handedOn()
	if err != nil {
		streams.close()
		return proc.Exit{}, err
	}
	exit, err := hosted.wait(ctx)
	hosted.close()
	return exit, errors.Join(err, streams.close())
}

// send sends a command to the host.
func (h *host) send(call Call, streams *streams) (*hosted, error) {
	request, err := requestFile(call)
	if err != nil {
		return nil, err
	}
	defer request.Close()
	line, theirLine, err := socketPair(unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	defer theirLine.Close()
	life, theirLife, err := os.Pipe()
	if err != nil {
		line.Close()
		return nil, err
	}
	defer theirLife.Close()
	c := newHosted(h, line, life)
	fds := []int{int(theirLine.Fd()), int(request.Fd())}
	for _, f := range append(streams.theirs[:], append([]*os.File{theirLife}, call.Inherit...)...) {
		fds = append(fds, int(f.Fd()))
	}
	if err := h.sendMessage([]byte("c"), unix.UnixRights(fds...)); err != nil {
		c.close()
		return nil, refusal(h.lost(err)) // the host has not got the command
	}
	return c, nil
}

func (h *host) sendMessage(text, rights []byte) error {
	h.sending.Lock()
	defer h.sending.Unlock()
	raw, err := h.control.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		failed = unix.Sendmsg(int(fd), text, rights, nil, unix.MSG_NOSIGNAL)
		return !errors.Is(failed, unix.EAGAIN)
	})
	return errors.Join(err, failed)
}

// lost ends a host that is no longer usable, and returns the reason.
func (h *host) lost(cause error) string {
	h.abandon()
	<-h.gone
	if cause != nil {
		return cause.Error()
	}
	return h.whyGone()
}

// requestFile makes a file with what the child needs to know of a call.
func requestFile(call Call) (*os.File, error) {
	fd, err := unix.MemfdCreate("dot-request", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("running dbt: %w", err)
	}
	file := os.NewFile(uintptr(fd), "dot-request")
	texts := append([]string{call.Dir, strconv.Itoa(len(call.Argv))}, call.Argv...)
	texts = append(texts, call.Env...)
	var request bytes.Buffer
	for _, text := range texts {
		if strings.ContainsRune(text, 0) {
			file.Close()
			return nil, errors.New("running dbt: an argument or a variable holds a NUL byte")
		}
		request.WriteString(text + "\x00")
	}
	if _, err := request.WriteTo(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("running dbt: %w", err)
	}
	return file, nil
}

// socketPair makes two connected sockets. Processes that start meanwhile inherit neither.
func socketPair(kind int) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // for Go's poller
		return nil, nil, errors.Join(err, unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "host"), os.NewFile(uintptr(fds[1]), "host"), nil
}

// killGroup kills the host's child and its group. The group keeps this id until the host has reaped
// the child, which the host reports.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
