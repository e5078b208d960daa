//go:build unix

package postgres

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os/exec"
	"strings"
)

// A Database has the data for connecting to a database. Host is the directory of the socket.
type Database struct {
	Host, User, Password, Name string

	psql string
}

// Query runs SQL through psql and returns the selected rows as text; NULL becomes "NULL". If a
// statement fails, the error has the server's message.
func (d *Database) Query(ctx context.Context, sql string) ([][]string, error) {
	cmd := exec.CommandContext(ctx, d.psql, "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--pset=null=NULL",
		"--set=ON_ERROR_STOP=1", "--command="+sql)
	cmd.Env = []string{"PGHOST=" + d.Host, "PGUSER=" + d.User, "PGPASSWORD=" + d.Password, "PGDATABASE=" + d.Name, "PGCLIENTENCODING=UTF8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("query %s: %w: %s", d.Name, err, strings.TrimSpace(stderr.String()))
	}
	rows, err := csv.NewReader(&stdout).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("query %s: read psql's rows: %w", d.Name, err)
	}
	return rows, nil
}
