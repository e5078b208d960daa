// Package python makes virtual environments: it finds an interpreter, reads requirements files as
// pip does, and runs uv or pip. No other package runs those.
//
// It must not know what a virtual environment is for, nor how to read a commit's files: it is given
// their bytes.
package python
