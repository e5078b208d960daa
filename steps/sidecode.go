package steps

import (
	"context"
	"strings"
	"time"

	"dot-for-dbt/compare/code"
)

// Code returns the side as package code needs it.
func (s Side) Code(ctx context.Context) code.Side {
	side := s.Own.code(ctx)
	side.Nodes = map[string]code.Resolved{}
	side.Reads = map[string]code.Resolved{}
	below := map[*Layer]*code.Side{}
	var last time.Time
	for id, state := range s.Nodes {
		if state.Reads.SQL != "" {
			side.Reads[id] = code.Resolved{RelationName: state.Reads, Run: state.ReadRun}
		}
		if state.Problem != "" {
			continue
		}
		if state.Layer == s.Own && state.At.After(last) {
			last, side.LastRun = state.At, state.Run
		}
		at := code.Resolved{RelationName: state.Relation, Run: state.Run}
		if layer := state.Layer; layer != s.Own {
			if below[layer] == nil {
				one := layer.code(ctx)
				below[layer] = &one
			}
			at.Below = below[layer]
		}
		side.Nodes[id] = at
	}
	return side
}

func (l *Layer) code(ctx context.Context) code.Side {
	return code.Side{
		Manifest: l.Manifest, Suffix: l.Suffix, Batches: batches(l.EventTimes),
		ReadFile: func(name string) ([]byte, error) { return l.ReadFile(ctx, name) },
		FileID:   func(name string) (string, error) { return l.FileID(ctx, name) },
	}
}

// batches says which batches the limits allow, "" if there are none.
func batches(limits [2]string) string {
	var out []string
	for i, word := range []string{"from ", "to "} {
		if limits[i] != "" {
			out = append(out, word+limits[i])
		}
	}
	return strings.Join(out, " ")
}
