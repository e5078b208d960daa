package git

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/proc"
)

// versionForm matches the version in the output of `git --version`: "git version 2.39.5 (Apple
// Git-154)".
var versionForm = lazy.Regexp(`(\d+)\.(\d+)\S*`)

// Version is the version of the git in PATH. If that is too old for dot, an error says so and comes
// with the version. Without any git there is only an error.
func Version(ctx context.Context) (string, error) {
	out, err := run(ctx, "--version", proc.Command{Argv: []string{"git", "--version"}})
	if err != nil {
		return "", err
	}
	version := versionForm().FindString(string(out))
	if version == "" {
		return "", fmt.Errorf("git --version prints no version: %q", strings.TrimSpace(string(out)))
	}
	if before(version, oldest) {
		return version, hint.Add(
			fmt.Errorf("git %s is too old", version),
			"install git "+oldest+" or newer",
		)
	}
	return version, nil
}

// before compares the first two numbers of two versions.
func before(version, other string) bool {
	a, b := versionForm().FindStringSubmatch(version), versionForm().FindStringSubmatch(other)
	for i := 1; i <= 2; i++ {
		x, _ := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return false
}
