// Package ignore makes other programs ignore .dot/: git, by a line in a repository's .gitignore,
// and VS Code, by exclusions in a workspace's settings. These files are the user's: every existing
// byte stays, and the package only adds text.
//
// It doesn't know how the user was asked first, nor how git interprets its rules.
package ignore
