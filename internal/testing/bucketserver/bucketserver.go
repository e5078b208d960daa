// Package bucketserver starts servers with a bucket, for tests: real ones if there are programs for them, and small
// stand-ins for the others. A stand-in does what this project believes of a cloud; it proves nothing about the cloud.
package bucketserver

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Bucket is the name of the bucket that a new server has. It is empty.
const Bucket = "team"

// A Server serves until the test ends.
type Server struct {
	// Scheme is that of the URLs of its buckets.
	Scheme string
	// Dir holds the objects of the bucket as files; "": they are elsewhere.
	Dir string
	env map[string]string
}

// kinds are the ways to have a server.
var kinds = []struct {
	name  string
	start func(t *testing.T) *Server
}{
	{"s3", StartS3},
	{"gs", startGS},
	{"az", startAZ},
	{"gs stand-in", gsStandIn},
	{"az stand-in", azStandIn},
}

// Each runs a test on a new server of each kind. It sets the environment variables that lead to the server, since
// clients' credentials come from the process's.
func Each(t *testing.T, test func(t *testing.T, s *Server)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			s := kind.start(t)
			for name, value := range s.env {
				t.Setenv(name, value)
			}
			test(t, s)
		})
	}
}

// URL is the URL of a prefix in the bucket.
func (s *Server) URL(prefix string) string { return s.Scheme + "://" + Bucket + "/" + prefix }

// Getenv returns the value of an environment variable that leads to the server.
func (s *Server) Getenv(name string) (string, bool) {
	value, ok := s.env[name]
	return value, ok
}

// With returns Getenv with one more variable; if its value is "", without it.
func (s *Server) With(variable, value string) func(string) (string, bool) {
	other := Server{env: maps.Clone(s.env)}
	other.env[variable] = value
	return other.Getenv
}

// Env returns the variables that lead to the server, each as NAME=value.
func (s *Server) Env() (env []string) {
	for name, value := range s.env {
		env = append(env, fmt.Sprintf("%s=%s", name, value))
	}
	return env
}

// program returns the path of a program, which an environment variable names. Without it, the test is skipped.
func program(t *testing.T, variable string) string {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		t.Skip(variable + " is not set")
	}
	return name
}

// address returns one that is free.
func address(t *testing.T) (host, port string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err = net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	return host, port
}

// run starts a program, and waits until it listens.
func run(t *testing.T, address string, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	late := time.After(time.Minute)
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the server ended: %v", err)
		case <-late:
			t.Fatal("the server doesn't answer")
		case <-retry.C:
		}
	}
}

// ask sends a request that makes a bucket.
func ask(t *testing.T, r *http.Request) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode/100 != 2 {
		t.Fatalf("make a bucket: %s\n%s", answer.Status, text)
	}
}
