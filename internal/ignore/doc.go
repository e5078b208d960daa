// Package ignore makes other programs look away from .dot/: git, by a line in
// a repository's .gitignore, and VS Code, by exclusions in the settings of a
// workspace. These are a user's files: what is there stays as it is, byte for
// byte, around what is added.
//
// It knows nothing of the terminal where a user was asked first, nor of what
// git makes of its rules.
package ignore
