// Package saves notices when files are saved, and runs something again then, a round at a time.
//
// It knows directories, files and time. It must not know git, dbt or builds: its caller says which files
// count, and what a round is.
package saves
