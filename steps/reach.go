package steps

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// A job can read a lower layer only through its own connection.

// A connection is how a job's dbt reads relations.
type connection struct {
	output  *profile.Output // nil if it isn't known
	place   profile.Place
	workDir string
	reveal  func(string) string // a name in a ledger
}

func (h *home) connectionOf(job *job) connection {
	c := connection{output: job.output, workDir: h.project}
	if c.output != nil {
		c.place, c.reveal = c.output.Place(h.project, h.ws.Hide), h.ws.Reveal
	}
	return c
}

// cantRead says why the connection can't read the relations of a build, "" if it can
// or if that isn't known. The text follows the name of a node or a build. of is the
// place of the build's profile. Secrets in it are the same text in every place.
func (c connection) cantRead(of workspace.Place) string {
	own := c.place
	in := func(what, other, here string) string {
		return fmt.Sprintf("is in another database (%s %s, not %s)", what, other, here)
	}
	switch {
	case c.output == nil || of == workspace.Place{}:
		return ""
	case of.Adapter != own.Adapter:
		return in("adapter", of.Adapter, own.Adapter)
	case of.Host != own.Host:
		return in("at", of.Host, own.Host)
	case of.Database == own.Database:
		return ""
	case own.Adapter == "duckdb" && c.attaches(c.reveal(of.Database)):
		return ""
	case own.Adapter == "duckdb" && (filepath.IsAbs(of.Database) || workspace.IsHidden(of.Database)):
		return in("file", of.Database, own.Database)
	case warehouse.SupportOf(own.Adapter).OneDatabase:
		return in("database", of.Database, own.Database)
	}
	return ""
}

// attaches reports whether a DuckDB connection attaches a file, under the name that
// relations in it have.
func (c connection) attaches(file string) bool {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	attached, _, ok := c.output.DuckDBFile(c.workDir, name)
	return ok && attached == file
}

// refuseUnreachable returns an error if a job can't read its baseline.
func (p *planner) refuseUnreachable(job *job) error {
	base := job.baseline
	why := p.connectionOf(job).cantRead(base.build.place)
	if why == "" {
		return nil
	}
	var hints []string
	if job.build != nil && base.build.Origin == "" && base.build.commit.Hash != job.build.commit.Hash {
		same := base.spec
		same.Ref = job.spec.Ref
		words := []string{"dot", job.Command.Name, same.String(), "--defer", base.spec.String()}
		if p.req.Modified {
			words = append(words, "--modified")
		}
		hints = append(hints, "build both with one output: "+text.ShellQuote(words))
	}
	if job.build == nil && base.build.Origin == "" { // not the baseline's environment: it may be production
		same := job.spec
		same.Ref = base.spec.Ref
		hints = append(hints, "build the baseline where "+job.name()+" is, then defer to that: "+text.ShellQuote([]string{"dot", "build", same.String()}))
	}
	if job.output.Adapter == "duckdb" && base.build.duckdb != "" {
		file := base.build.output.Place(p.project, nil).Database // without secrets
		if strings.Contains(file, "{{") {
			file = strconv.Quote(file)
		}
		hints = append(hints, fmt.Sprintf("or let the output %s read the file: `attach: [{path: %s, read_only: true}]` in profiles.yml", job.output.Name, file))
	}
	return hint.New(fmt.Sprintf("%s can't read %s, which %s", job.name(), base.build, why), hints...)
}
