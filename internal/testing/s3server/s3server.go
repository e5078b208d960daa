// Package s3server starts a server with the protocol of S3, for tests.
package s3server

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Program is the environment variable with the path of the server's program, versitygw. Without it, tests
// that need the server are skipped.
const Program = "DOT_TEST_S3"

// Bucket is the name of the bucket that a new server has.
const Bucket = "team"

// A Server serves until the test ends.
type Server struct {
	// Dir holds the objects of the bucket, as files.
	Dir string
	env map[string]string
}

// Start starts a server with one empty bucket.
func Start(t *testing.T) *Server {
	t.Helper()
	program := os.Getenv(Program)
	if program == "" {
		t.Skip(Program + " is not set")
	}
	root, about := t.TempDir(), t.TempDir()
	s := &Server{Dir: filepath.Join(root, Bucket)}
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s.env = map[string]string{
		"AWS_ENDPOINT_URL_S3": "http://" + address, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "of-this-test",
	}
	cmd := exec.Command(program, "--port", address, "--access", "test", "--secret", "of-this-test", "--quiet", "posix", "--sidecar", about, root)
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
			return s
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

// Getenv returns the value of an environment variable that leads to the server.
func (s *Server) Getenv(name string) (string, bool) {
	value, ok := s.env[name]
	return value, ok
}

// Env returns the variables that lead to the server, each as NAME=value.
func (s *Server) Env() (env []string) {
	for name, value := range s.env {
		env = append(env, fmt.Sprintf("%s=%s", name, value))
	}
	return env
}

// Setenv sets the variables for the test: the client's credentials come from the process's.
func (s *Server) Setenv(t *testing.T) {
	t.Helper()
	for name, value := range s.env {
		t.Setenv(name, value)
	}
}
