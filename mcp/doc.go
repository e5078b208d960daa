// Package mcp serves dot to agents: a server of the Model Context Protocol over two streams.
//
// It knows the protocol (by the official SDK) and dot's command line. Each tool is a command of dot,
// run as a child process of the same program, whose JSON becomes a short answer. It must not know how
// dot does its work: what isn't on the command line, a tool can't do.
//
// What a client sends is never trusted. Each field is checked in fields.go, and becomes one argument of
// its own, as --flag=value. There is no field for a directory, for variables, or for dbt's own flags. A
// build is named by a spec with a ref, and --isolated makes the child check that again. --yes goes to
// drop only, where it answers the only question.
//
// A child belongs to the call that has started it or, if the call returns before it ends, to the server:
// see job.go. Cancelling the call, closing the server's input and killing the server all end a child as
// Ctrl-C does.
package mcp
