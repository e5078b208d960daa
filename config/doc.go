// Package config reads a project's configuration: which values a variable may have (dot_vars.yml),
// and which flags and variables an environment has (dot_environments.yml and, personal,
// dot_environments.user.yml). It merges and checks them, and returns an Environment.
//
// The files are YAML as dbt reads it, which is YAML 1.1: yes and on are true, 010 is eight,
// 2024-01-01 is a date, 1e5 is text. A key that repeats is an error. A key without a value is an
// empty mapping where one is expected.
//
// The package knows nothing about dbt. Its caller knows which flags exist, which command takes
// them, and the names of a profile's outputs. The package reads these three files and writes
// nothing.
package config
