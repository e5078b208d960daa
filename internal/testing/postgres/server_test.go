//go:build unix

package postgres

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	if bin := os.Getenv("DOT_TEST_PG_LINGER"); bin != "" {
		linger(bin)
	}
	os.Exit(m.Run())
}

// bin returns the directory of PostgreSQL's programs. Without it, the test is skipped.
func bin(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DOT_TEST_PG_BIN"); dir != "" {
		return dir
	}
	venv := os.Getenv("DOT_TEST_VENV")
	if venv == "" {
		t.Skip("DOT_TEST_VENV is not set: run make test")
	}
	dir, err := FindBin(venv)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServer(t *testing.T) {
	server, err := Start(t.Context(), bin(t))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()

	one, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	two, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Query(t.Context(), "create table orders as select 1 as id"); err != nil {
		t.Fatal(err)
	}

	t.Run("rows are text", func(t *testing.T) {
		got, err := one.Query(t.Context(), "select id, null, 'a,b' || chr(10) || 'c' from orders union all select 2, 'x', ''")
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"1", "NULL", "a,b\nc"}, {"2", "x", ""}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
	t.Run("databases are apart", func(t *testing.T) {
		_, err := two.Query(t.Context(), "select id from orders")
		if err == nil || !strings.Contains(err.Error(), `relation "orders" does not exist`) {
			t.Errorf("got %v, want the server's message about orders", err)
		}
	})
	t.Run("the password matters", func(t *testing.T) {
		stranger := *one
		stranger.Password = "wrong"
		if _, err := stranger.Query(t.Context(), "select 1"); err == nil {
			t.Error("a wrong password was taken")
		}
	})

	server.Stop()
	if _, err := os.Stat(one.Host); !os.IsNotExist(err) {
		t.Errorf("Stop left %s behind (%v)", one.Host, err)
	}
}

// A test binary that is killed runs no deferred Stop. The server must end anyway.
func TestServerDiesWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DOT_TEST_PG_LINGER="+bin(t))
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir = strings.TrimSpace(dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	socket := filepath.Join(dir, ".s.PGSQL.5432")
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return // the server has ended
		}
		_ = conn.SetDeadline(deadline)
		_, _ = io.Copy(io.Discard, conn) // until the server closes the connection
		_ = conn.Close()
	}
	t.Errorf("the server in %s outlived the process that started it", dir)
}

// linger starts a server, prints where it is, and waits to be killed.
func linger(bin string) {
	server, err := Start(context.Background(), bin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.dir)
	select {}
}
