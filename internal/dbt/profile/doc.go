// Package profile reads the files that dbt reads before it does anything: profiles.yml, dbt_project.yml and
// packages.yml, the way PyYAML and dbt's Jinja read them. It finds the output that a build connects with, and
// writes a profiles.yml for that build alone.
//
// It runs nothing and writes no file. No error and no [Field] holds a secret.
package profile
