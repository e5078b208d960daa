// Package config reads a project's configuration: which values a variable may have (dot_vars.yml),
// and which flags and variables an environment has (dot_environments.yml and, personal,
// dot_environments.user.yml). It merges and checks them, and returns an Environment.
//
// The files are YAML 1.2: yes, on and 2024-01-01 are text, 0o17 and 1e5 are numbers. Some numbers
// are errors, because a guess may be wrong. dbt's YAML 1.1 reads a number with a leading zero as
// another one, and JSON has no .inf. A key without a value is an empty mapping where one is
// expected.
//
// The package knows nothing about dbt. Its caller knows which flags exist, which command takes
// them, and the names of a profile's outputs. The package reads these three files and writes
// nothing.
package config
