package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
)

// What dot compile compiles is kept, for --modified: it compares compiled SQL, too, if both
// sides' is known. The baseline's is in the manifest of its last run. Before a build, only
// dot compile knows that of the candidate: dbt list compiles nothing, and no command runs
// just for this, since compiling may query the warehouse.

// A compiledCode describes the kept manifest of a dot compile.
type compiledCode struct {
	// Key is a digest of everything apart from the commit that the code depends on.
	Key string `json:"key"`
	// Baseline is the build that the command deferred to, "" for none.
	Baseline string `json:"baseline,omitempty"`
	// Digest is one of the compiled code.
	Digest string `json:"digest"`
}

// compiledDir returns the directory of a build's compiled code.
func compiledDir(b *build) string { return filepath.Join(b.Dir(), "compiled", b.place.ID()) }

// otherSQL are the flags of dbt compile that make it compile other SQL than a build.
var otherSQL = []string{"inline", "inline-direct", "empty", "sample", "event-time-start", "event-time-end", "full-refresh", "introspect"}

// keepCompiled keeps the manifest of a dot compile that succeeded.
func (rt *runtime) keepCompiled(job *job) error {
	for _, o := range job.AllOptions() {
		if slices.Contains(otherSQL, o.Flag) {
			return nil
		}
	}
	dir := compiledDir(job.build)
	about := filepath.Join(dir, "compiled.json")
	if err := removeFile(about); err != nil { // until the manifest belongs to it
		return err
	}
	manifest := filepath.Join(dir, "manifest.json")
	if err := durable.Copy(manifest, filepath.Join(job.build.Target(), "manifest.json")); err != nil {
		return err
	}
	digest, err := digestCompiled(manifest)
	if err != nil {
		return err
	}
	data, err := json.Marshal(compiledCode{Key: rt.codeKey(job), Baseline: baselineID(job), Digest: digest})
	if err != nil {
		return err
	}
	return durable.Write(about, data, 0o600)
}

// digestCompiled returns a digest of the compiled code in a manifest.
func digestCompiled(manifest string) (string, error) {
	f, err := os.Open(manifest)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read from
	found := map[string]string{}
	keep := func(n artifact.NodeCode) error {
		if n.CompiledCode != nil {
			found[n.UniqueID] = *n.CompiledCode
		}
		return nil
	}
	if _, err := artifact.ReadManifestCode(manifest, f, keep, func(artifact.Macro) error { return nil }); err != nil {
		return "", err
	}
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(h, "%q %q\n", id, found[id])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func baselineID(job *job) string {
	if job.baseline == nil {
		return ""
	}
	return job.baseline.build.ID()
}

// codeKey is a digest of what a job's compiled code depends on, apart from the commit.
func (rt *runtime) codeKey(job *job) string {
	var all []string
	for _, in := range slices.Concat(job.codeInputs, rt.lateCheckInputs(job)) {
		all = append(all, in.Recorded().Digest)
	}
	return digest(fmt.Appendf(nil, "%q", all))
}

// compiled returns the compiled code of a job's build. ok is false if there is none, or if
// that was compiled with other values or on another baseline.
func (rt *runtime) compiled(job *job) (found compiledCode, ok bool) {
	data, err := os.ReadFile(filepath.Join(compiledDir(job.build), "compiled.json"))
	if err != nil || json.Unmarshal(data, &found) != nil {
		return found, false
	}
	return found, found.Key == rt.codeKey(job) && (found.Baseline == "" || found.Baseline == baselineID(job))
}

// compiledInput is the input for the compiled code of a job that selects by it.
func (rt *runtime) compiledInput(job *job) []graph.Input {
	if !job.marksState() || job.baseline == nil {
		return nil
	}
	found, ok := rt.compiled(job)
	if !ok {
		return nil
	}
	return []graph.Input{{Label: "compiled SQL", Value: found.Digest}}
}

// compiledSides returns the compiled code of a job and of the build below; nil if the job's
// is not known.
func (rt *runtime) compiledSides(ctx context.Context, job *job, below standing) *code.Compiled {
	if _, ok := rt.compiled(job); !ok {
		return nil
	}
	baseline := Side{}
	rt.resolveSide(&baseline, below)
	candidate := code.Side{Manifest: filepath.Join(compiledDir(job.build), "manifest.json"), Suffix: job.build.suffix}
	return &code.Compiled{Baseline: baseline.Code(ctx), Candidate: candidate}
}
