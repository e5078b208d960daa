// Package pyyaml reads YAML as dbt does: with PyYAML's rules, which are YAML 1.1. "yes" is true,
// 010 is eight, 1:30 is ninety, 2024-01-01 is a date, and 1e5 is text.
//
// [Parse] finds the tree of a file, and [Part.Read] reads a part of it as written. [Node.Value]
// gives the values that PyYAML gives. [Flow] writes values so that PyYAML reads the same ones.
//
// The package knows YAML and no file of dbt's or dot's. No error quotes a file, which may contain
// passwords, unless the file is said to hold none ([ReadOwn]).
package pyyaml
