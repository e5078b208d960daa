//go:build !linux

package run

import (
	"context"
	"errors"

	"dot-for-dbt/internal/proc"
)

// host is never used: Hosting.refusal refuses every command on this system.
type host struct{}

var errNoHost = errors.New("there is no host on this system")

func startHost(context.Context, string, string, []string) (*host, error) { return nil, errNoHost }

func (*host) run(context.Context, Call) (proc.Exit, error) { return proc.Exit{}, errNoHost }

func (*host) ended() bool { return true }

func (*host) close() {}
