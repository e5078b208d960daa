package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"dot-for-dbt/internal/proc"
)

// batch is a `git cat-file` that answers one request after another.
type batch struct {
	in     *io.PipeWriter
	out    *bufio.Reader
	ended  chan error
	cancel context.CancelFunc
}

// startBatch starts git cat-file with --batch or --batch-check.
func (r *Repo) startBatch(ctx context.Context, mode string) *batch {
	ctx, cancel := context.WithCancel(ctx)
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	b := &batch{in: in, out: bufio.NewReader(out), ended: make(chan error, 1), cancel: cancel}
	c := command(r.Top, "cat-file", mode)
	c.Stdin, c.Stdout = stdin, stdout
	go func() {
		exit, err := c.Run(ctx)
		if err == nil && !exit.OK() {
			err = fmt.Errorf("git cat-file: %s", exit)
		}
		if err == nil {
			err = io.EOF
		}
		stdin.CloseWithError(err)
		stdout.CloseWithError(err)
		b.ended <- err
	}()
	return b
}

// close ends the process.
func (b *batch) close() {
	b.in.Close()
	for drained := false; !drained; {
		select {
		case <-b.ended:
			drained = true
		default:
			if _, err := b.out.Discard(1); err != nil {
				<-b.ended
				drained = true
			}
		}
	}
	b.cancel()
}

// header is git's answer to the name of an object.
type header struct {
	id, kind string
	size     int64
	problem  string // "missing" or "ambiguous"; then nothing else is set
}

// ask sends a name, which holds no line end, and reads the answer's first line.
func (b *batch) ask(name string) (header, error) {
	if _, err := io.WriteString(b.in, name+"\n"); err != nil {
		return header{}, fmt.Errorf("ask git for %s: %w", name, err)
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return header{}, fmt.Errorf("ask git for %s: %w", name, err)
	}
	line = strings.TrimSuffix(line, "\n")
	if rest, ok := strings.CutPrefix(line, name+" "); ok && (rest == "missing" || rest == "ambiguous") {
		return header{problem: rest}, nil
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return header{}, fmt.Errorf("git answers %q about %s", line, name)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return header{}, fmt.Errorf("git answers %q about %s", line, name)
	}
	return header{id: fields[0], kind: fields[1], size: size}, nil
}

// Objects reads objects of a repository, all through one git process. It is
// not for several goroutines at once.
type Objects struct {
	repo  *Repo
	ctx   context.Context //nolint:containedctx // the process lives between calls
	batch *batch
}

// Objects returns a reader of the repository's objects. The process starts
// with the first request; Close ends it.
func (r *Repo) Objects(ctx context.Context) *Objects { return &Objects{repo: r, ctx: ctx} }

// Close ends the git process, if there is one.
func (o *Objects) Close() {
	if o.batch != nil {
		o.batch.close()
		o.batch = nil
	}
}

// Read returns the contents of an object, such as "commit:path". One that is
// not there is fs.ErrNotExist. A symbolic link's contents are where it points.
func (o *Objects) Read(name string) ([]byte, error) {
	_, data, err := o.get(name)
	return data, err
}

// ID returns the id of an object, such as that of the tree at "commit:path".
// One that is not there is fs.ErrNotExist.
func (o *Objects) ID(name string) (string, error) {
	h, _, err := o.get(name)
	return h.id, err
}

func (o *Objects) get(name string) (header, []byte, error) {
	if strings.ContainsAny(name, "\n\x00") {
		return header{}, nil, fmt.Errorf("git can't be asked for %q", name)
	}
	if o.batch == nil {
		o.batch = o.repo.startBatch(o.ctx, "--batch")
	}
	h, err := o.batch.ask(name)
	switch {
	case err != nil:
		return h, nil, err
	case h.problem != "":
		return h, nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	data := make([]byte, h.size+1) // and a line end
	if _, err := io.ReadFull(o.batch.out, data); err != nil {
		return h, nil, fmt.Errorf("read %s from git: %w", name, err)
	}
	return h, data[:h.size], nil
}

// Grep returns the files below path, as a commit has them, that hold a text;
// binary files don't count. path has slashes and "" is the whole commit.
func (r *Repo) Grep(ctx context.Context, commit, path, text string) ([]string, error) {
	args := []string{"grep", "-l", "-z", "-I", "-F", "--full-name", "-e", text, commit, "--"}
	if path != "" {
		args = append(args, ":(top,literal)"+path)
	} else {
		args = append(args, ":(top)")
	}
	out, err := output(ctx, command(r.Top, args...))
	if err != nil {
		var exit *proc.ExitError
		if errors.As(err, &exit) && exit.Exit.Code == 1 { // nothing found
			return nil, nil
		}
		return nil, fmt.Errorf("search commit %s: %w", commit, err)
	}
	var files []string
	for _, file := range strings.Split(strings.TrimSuffix(out, "\x00"), "\x00") {
		files = append(files, strings.TrimPrefix(file, commit+":"))
	}
	return files, nil
}
