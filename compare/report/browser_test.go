//go:build unix

package report_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// A browser is Chromium, or a browser based on it, without a window. Tests talk to it in
// the DevTools protocol through a pair of pipes, one test at a time.
type browser struct {
	out  io.Writer
	in   *bufio.Reader
	last int // id of the last request
}

// theBrowser is the browser of all tests, started by the first that needs it.
var (
	theBrowser  = sync.OnceValues(startBrowser)
	stopBrowser = func() {} // set by startBrowser
)

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	os.Exit(code)
}

// browserNames has the names of programs that speak the protocol.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"}

// findBrowser returns the program that DOT_TEST_BROWSER names, or one that is installed.
func findBrowser() (string, error) {
	if named := os.Getenv("DOT_TEST_BROWSER"); named != "" {
		return named, nil
	}
	for _, name := range browserNames {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("no browser was found: install Chromium, or name it in DOT_TEST_BROWSER")
}

func startBrowser() (*browser, error) {
	program, err := findBrowser()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "browser-")
	if err != nil {
		return nil, err
	}
	toBrowser, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	in, fromBrowser, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "--headless=new", "--remote-debugging-pipe", "--user-data-dir="+home,
		"--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
		"--hide-scrollbars", "--force-color-profile=srgb", "about:blank")
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--no-sandbox") // as root Chromium has no sandbox
	}
	cmd.Env = append(os.Environ(), "HOME="+home, "TZ=UTC", "LANG=C.UTF-8")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4, as the protocol demands
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	toBrowser.Close()
	fromBrowser.Close()
	stopBrowser = func() {
		out.Close() // the browser ends with the pipe
		_, _ = io.Copy(io.Discard, in)
		in.Close()
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_ = cmd.Wait()
		}
		_ = os.RemoveAll(home)
	}
	if err != nil {
		return nil, fmt.Errorf("the browser does not start: %w", err)
	}
	b := &browser{out: out, in: bufio.NewReader(in)}
	if err := b.call("", "Browser.getVersion", nil, nil, func(message) {}); err != nil {
		stopBrowser()
		stopBrowser = func() {}
		return nil, fmt.Errorf("the browser does not answer: %w\n%s", err, said.String())
	}
	return b, nil
}

// message is a message of the protocol, in either direction.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`

	text string // the whole text of a message that was read
}

// call sends a command in a session ("" for none), and reads the result. hear gets the
// browser's events in the meantime.
func (b *browser) call(session, method string, params, result any, hear func(message)) error {
	b.last++
	text, err := json.Marshal(message{ID: b.last, SessionID: session, Method: method, Params: params})
	if err != nil {
		return err
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		return err
	}
	for {
		m, err := b.next()
		switch {
		case err != nil:
			return err
		case m.ID != b.last:
			hear(m)
			continue
		case len(m.Error) > 0:
			return errors.New(string(m.Error))
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	}
}

// next reads a message.
func (b *browser) next() (message, error) {
	text, err := b.in.ReadBytes(0)
	if err != nil {
		return message{}, err
	}
	text = bytes.TrimSuffix(text, []byte{0})
	m := message{text: string(text)}
	err = json.Unmarshal(text, &m)
	return m, err
}
