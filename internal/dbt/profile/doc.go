// Package profile reads the files that dbt reads first: profiles.yml, dbt_project.yml and
// packages.yml, the way PyYAML and dbt's Jinja read them. It finds the output that a build connects
// with, and makes a profiles.yml with only that output.
//
// It runs nothing and writes no file. No error and no [Field] holds a secret.
package profile
