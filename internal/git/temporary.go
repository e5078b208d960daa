package git

// The beginnings of the names of temporary directories.
const (
	temporaryDraft = "dot-draft-"
	temporaryIndex = "dot-index-"
)

// Temporary are the beginnings of the names of the directories that git's work needs in the system's
// directory for temporary files. A process that was killed leaves them.
func Temporary() []string { return []string{temporaryDraft, temporaryIndex} }
