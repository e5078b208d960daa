//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/test/bench/measure"
)

// statusOfMany measures dot status in a repository with up to 10,000 builds, each of a commit of its own.
func statusOfMany(b *bench) (*measure.Table, error) {
	var sides []measure.Side
	add := func(s *shop, n int, flags ...string) {
		words := append([]string{"dot", "status"}, flags...)
		sides = append(sides, measure.Side{
			Name: fmt.Sprintf("%s, %d builds", strings.Join(words, " "), n),
			Run:  func() (measure.Cost, error) { return measure.Timed(s.Command(words...)) },
		})
	}
	for _, n := range []int{100, 10_000} {
		s, err := b.newShop(fmt.Sprintf("status-%d", n))
		if err != nil {
			return nil, err
		}
		if err := s.manyBuilds(n); err != nil {
			return nil, err
		}
		add(s, n)
		if n > 1000 {
			add(s, n, "prod@main~20..main")
			add(s, n, "--all")
			add(s, n, "-v")
			add(s, n, "--json")
		}
	}
	return measure.InTurns(b.rounds, sides...)
}

// manyBuilds builds the main branch, and copies that build to n-1 commits, which it makes. The copies
// rest on the build. Every tenth commit is on no branch.
func (s *shop) manyBuilds(n int) error {
	if _, err := s.Output("dot", "build", "prod@main"); err != nil {
		return err
	}
	hash, err := s.Output("git", "rev-parse", "main")
	if err != nil {
		return err
	}
	copied, err := s.original(hash)
	if err != nil {
		return err
	}
	hashes, err := s.manyCommits(n - 1)
	if err != nil {
		return err
	}
	for i, hash := range hashes {
		if err := copied.to(s.Dir, hash, i); err != nil {
			return err
		}
	}
	return nil
}

// manyCommits adds commits to the main branch and, every tenth, beside it. It returns their hashes.
func (s *shop) manyCommits(n int) ([]string, error) {
	var stream strings.Builder
	for i := range n {
		ref, from := "refs/heads/main", ""
		if i%10 == 9 {
			ref, from = "refs/heads/lost", fmt.Sprintf("from :%d\n", i)
		}
		if i == 0 {
			from = "from refs/heads/main^0\n"
		}
		subject := fmt.Sprintf("Change %d", i)
		if i%10 == 0 && i > 0 {
			from = fmt.Sprintf("from :%d\n", i-1)
		}
		fmt.Fprintf(&stream, "commit %s\nmark :%d\ncommitter Bench <bench@example.com> %d +0000\ndata %d\n%s\n%s\n", ref, i+1, 1_780_000_000+60*i, len(subject), subject, from)
	}
	stream.WriteString("reset refs/heads/lost\nfrom 0000000000000000000000000000000000000000\n\n")
	marks := filepath.Join(s.Dir, ".git", "bench-marks")
	cmd := s.Command("git", "fast-import", "--quiet", "--force", "--export-marks="+marks)
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git fast-import: %w\n%s", err, out)
	}
	text, err := os.ReadFile(marks)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, n)
	for line := range strings.Lines(string(text)) {
		var mark int
		var hash string
		if _, err := fmt.Sscanf(line, ":%d %s", &mark, &hash); err != nil {
			return nil, err
		}
		hashes[mark-1] = hash
	}
	return hashes, nil
}

// An original is a build to copy.
type original struct {
	hash, short string
	place       workspace.Place
	layer       workspace.Layer
	ledger      []byte
	records     map[string][]byte
}

// original reads the only build, of prod at a commit.
func (s *shop) original(hash string) (*original, error) {
	short, err := s.Output("git", "rev-parse", "--short", hash)
	if err != nil {
		return nil, err
	}
	o := &original{hash: hash, short: short, records: map[string][]byte{}}
	ws, err := workspace.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	found, _, err := ws.Builds()
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("%d builds: %w", len(found), err)
	}
	standings, errs := ws.Standings(found[0].Build)
	if len(standings) != 1 {
		return nil, errors.Join(errs...)
	}
	o.layer, o.place = *standings[0].Layer, standings[0].Place
	if o.ledger, err = os.ReadFile(filepath.Join(ws.Path(), "places", o.place.ID()+".json")); err != nil {
		return nil, err
	}
	dir := filepath.Join(found[0].Dir(), "records")
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if o.records[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return o, err
}

// to makes the copy number i, at another commit.
func (o *original) to(root, hash string, i int) error {
	short := hash[:len(o.short)]
	dir := filepath.Join(root, ".dot", "build", short)
	admin := filepath.Join(root, ".git", "worktrees", fmt.Sprintf("worktree%d", i+1))
	build := filepath.Join(dir, "env", "prod")
	place := o.place
	place.Schema = strings.ReplaceAll(place.Schema, o.short, short)
	layer := o.layer
	layer.Build, layer.Place, layer.Places = "prod@"+short, place, []workspace.Place{place}
	layer.Below = &workspace.LayerRef{Hash: o.hash, Short: o.short, Env: "prod", Place: o.place}
	text, err := durable.Marshal(layer)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		filepath.Join(dir, "commit"):                               []byte(hash + "\n"),
		filepath.Join(dir, "worktree", ".git"):                     []byte("gitdir: " + admin + "\n"),
		filepath.Join(admin, "gitdir"):                             []byte(filepath.Join(dir, "worktree", ".git") + "\n"),
		filepath.Join(admin, "commondir"):                          []byte("../..\n"),
		filepath.Join(admin, "HEAD"):                               []byte(hash + "\n"),
		filepath.Join(admin, "locked"):                             []byte("dot\n"),
		filepath.Join(admin, "index"):                              nil,
		filepath.Join(build, "layer", place.ID()+".json"):          text,
		filepath.Join(root, ".dot", "places", place.ID()+".json"):  nil,
		filepath.Join(build, "profiles.yml"):                       nil,
		filepath.Join(build, "state", place.ID(), "manifest.json"): nil,
	}
	if files[filepath.Join(root, ".dot", "places", place.ID()+".json")], err = o.resealed(o.ledger, short); err != nil {
		return err
	}
	for name, record := range o.records {
		if files[filepath.Join(build, "records", name)], err = o.resealed(record, short); err != nil {
			return err
		}
	}
	for file, text := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.WriteFile(file, text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// sealed matches the seal of a file.
var sealed = regexp.MustCompile(`"seal": "[0-9a-f]*",`)

// resealed returns one of dot's files with another short hash.
func (o *original) resealed(text []byte, short string) ([]byte, error) {
	text = sealed.ReplaceAll(text, nil)
	return durable.Marshal(json.RawMessage(bytes.ReplaceAll(text, []byte(o.short), []byte(short))))
}
