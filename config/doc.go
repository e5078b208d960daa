// Package config reads a project's configuration: what a variable may be
// (dot_vars.yml) and which flags and variables an environment has
// (dot_environments.yml and, personal, dot_environments.user.yml). It merges
// them, checks them and hands out an Environment.
//
// The files are YAML 1.2: yes, on and 2024-01-01 are text, 0o17 and 1e5 are
// numbers. A number with a leading zero, which dbt's YAML 1.1 reads as another
// one, and .inf, which JSON has no word for, are errors rather than guesses. A
// key with nothing after it is an empty mapping where one is expected.
//
// The package knows no dbt: which flags there are, and which command takes them,
// is its caller's to say; so is what a profile's outputs are called. It reads
// these three files and writes nothing.
package config
