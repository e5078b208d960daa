// Package python makes virtual environments: it finds an interpreter, reads
// requirements files as pip does, and runs uv or pip. It is the only place that
// runs them.
//
// It must not know what an environment is for, nor how to get at a commit's
// files: they are handed over as bytes.
package python
