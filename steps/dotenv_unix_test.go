//go:build unix

package steps_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"dot-for-dbt/steps"
)

// D.4: what dbt reads from a named pipe is not known before, so no build is made with it.
func TestDotEnvIsAPipe(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	if err := syscall.Mkfifo(b.path(".env"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Compile(t.Context(), b.world, b.req); err == nil || !strings.Contains(err.Error(), ".env is a named pipe") {
		t.Errorf("got %v", err)
	}
	b.setenv("PYTHON_DOTENV_DISABLED", "1")
	b.compile()
}

// Ctrl-C ends planning that waits for a dbt to say its version: before an environment is known, dot has to
// know whether that dbt loads a .env.
func TestDotEnvCancelled(t *testing.T) {
	b := newDotEnvBench(t, "1.12.6")
	b.write(".env", "SHOP_FILE=mine.duckdb\n")
	b.commit("A .env")
	b.req.Planning = false         // a plan alone runs no dbt
	b.uninstall("dbt_core-1.12.6") // only dbt itself knows its version
	asked, hold := b.path("../asked"), b.path("../hold")
	for _, pipe := range []string{asked, hold} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.write("../venv/bin/dbt", "#!/bin/sh\necho asked >"+asked+"\nread line <"+hold+"\n") // a cat could miss the signal before it runs
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := steps.Compile(ctx, b.world, b.req)
		ended <- err
	}()
	runs := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(asked) // waits until dbt runs
		runs <- err
	}()
	select {
	case err := <-runs:
		if err != nil {
			t.Fatal(err)
		}
	case err := <-ended:
		t.Fatalf("no dbt was asked: %v", err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the plan still waits")
		f, err := os.OpenFile(hold, os.O_WRONLY, 0) // lets dbt end
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		<-ended
	}
}
