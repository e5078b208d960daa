package mcp

import (
	"context"
	"errors"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

type dropFields struct {
	Spec   string `json:"spec" jsonschema:"the build to drop: env@ref, or env@. for all builds of the working tree"`
	DryRun bool   `json:"dry_run,omitempty" jsonschema:"only say what would go"`
}

type dropAnswer struct {
	Dropped bool     `json:"dropped"`
	Said    []string `json:"said" jsonschema:"what went or would go, or why the build stays"`
	More    int      `json:"more,omitempty"`
}

// drop drops a build. dot itself leaves what has another mark, what others rest on, and what belongs to
// a protected environment; no field overrides that.
func (s *server) drop(ctx context.Context, _ *sdk.CallToolRequest, in dropFields) (dropAnswer, error) {
	if err := isolated("spec", in.Spec); err != nil {
		return dropAnswer{}, err
	}
	how := "--yes"
	if in.DryRun {
		how = "--dry-run"
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return dropAnswer{}, err
	}
	defer done()
	var said said
	child := s.command(append([]string{"drop", how, in.Spec}, quiet...)...)
	child.Stdout, child.Stderr = &said, &said
	exit, err := child.Run(ctx)
	switch {
	case err != nil:
		return dropAnswer{}, err
	case ctx.Err() != nil:
		return dropAnswer{}, context.Cause(ctx)
	case !exit.OK():
		return dropAnswer{}, &childError{said: said.String()}
	}
	left := room(answerRoom)
	out := dropAnswer{Dropped: !in.DryRun}
	out.Said, out.More = fit(&left, clipAll(strings.Split(strings.TrimSpace(said.String()), "\n"), messageRoom))
	return out, nil
}

// said is what a child says on stdout and stderr, in its order.
type said struct{ strings.Builder }

var errSaidTooMuch = errors.New("dot said too much")

func (s *said) Write(p []byte) (int, error) {
	if s.Len()+len(p) > 64*answerRoom {
		return 0, errSaidTooMuch
	}
	return s.Builder.Write(p)
}
