package steps

import (
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt"
)

// A build's dbt runs in its worktree. Relative paths that the user gives start at the
// user's project directory nevertheless. Those in the profile: see profile.Output.Absolute.

// pathOptions are dbt's options that name a file or a directory of the user.
var pathOptions = []string{"state", "defer-state", "record-timing-info"}

// pathVariables are environment variables that name a file or a directory, for drivers
// of databases and libraries that dbt's adapters use.
var pathVariables = []string{
	"AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "CURL_CA_BUNDLE",
	"GOOGLE_APPLICATION_CREDENTIALS", "PGPASSFILE", "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT",
	"REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
}

// absoluteOptions returns options of a job, with absolute paths if it has a build.
func (p *planner) absoluteOptions(job *job, options []dbt.Option) []dbt.Option {
	if job.build == nil {
		return options
	}
	options = slices.Clone(options)
	for i, o := range options {
		if !slices.Contains(pathOptions, o.Flag) {
			continue
		}
		values := slices.Clone(o.Values)
		for j, v := range values {
			values[j] = absolute(v, p.project)
		}
		options[i] = dbt.NewOption(o.Flag, values...)
	}
	return options
}

// absoluteVariables returns environment variables with absolute paths.
func absoluteVariables(env []string, dir string) []string {
	env = slices.Clone(env)
	for i, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if slices.Contains(pathVariables, name) && value != "system" { // as PGSSLROOTCERT may say
			env[i] = name + "=" + absolute(value, dir)
		}
	}
	return env
}

// absolute returns a path that starts at dir. "" and paths at home (~) stay.
func absolute(path, dir string) string {
	if path == "" || strings.HasPrefix(path, "~") || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
