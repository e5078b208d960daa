package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
)

// dbt's artifacts in a build's target path, and dot's copies of them.

// keepState copies a build's artifacts and the files that tell its packages' vars, for
// builds that defer to it. It sets the run's number of nodes and size of the manifest. A killed dbt leaves no run results.
func keepState(b *build, target string, run *workspace.Run) error {
	for _, name := range []string{"manifest.json", "run_results.json"} {
		kept := filepath.Join(b.State(b.place), name)
		var err error
		if name == "manifest.json" && b.Tree != "" { // a run compiles only what the files have changed
			err = addCompiled(kept, filepath.Join(target, name), kept, func(string) bool { return true })
		} else {
			err = durable.Copy(kept, filepath.Join(target, name))
		}
		if name == "run_results.json" && errors.Is(err, fs.ErrNotExist) {
			err = removeFile(kept)
		}
		if err != nil {
			return fmt.Errorf("keep dbt's %s: %w", name, err)
		}
	}
	if b.Origin == "" { // otherwise the packages are not known
		if err := keepPackages(b); err != nil {
			return fmt.Errorf("keep the packages' vars: %w", err)
		}
	}
	manifest := filepath.Join(b.State(b.place), "manifest.json")
	info, err := os.Stat(manifest)
	if err != nil {
		return err
	}
	run.Manifest = info.Size()
	nodes, err := writtenNodes(manifest)
	run.Nodes = len(nodes)
	return err
}

// readResults reads the run_results.json in a directory.
func readResults(dir string) (artifact.RunResults, error) {
	name := filepath.Join(dir, "run_results.json")
	f, err := os.Open(name)
	if err != nil {
		return artifact.RunResults{}, err
	}
	defer f.Close()
	return artifact.ReadRunResults(name, f)
}

// writtenNodes returns the nodes of a manifest.json that dbt build would write,
// without tests, by unique_id.
func writtenNodes(manifest string) (map[string]artifact.Node, error) {
	_, nodes, err := readWritten(manifest)
	return nodes, err
}

// readWritten is writtenNodes, and returns the manifest's metadata, too.
func readWritten(manifest string) (head artifact.Metadata, nodes map[string]artifact.Node, err error) {
	nodes = map[string]artifact.Node{}
	build, _ := dbt.LookupCommand("build")
	head, err = readManifest(manifest, func(node artifact.Node) error {
		if node.ResourceType != "test" && build.Writes(node, nil) {
			nodes[node.UniqueID] = node
		}
		return nil
	})
	return head, nodes, err
}

// readManifest reads a manifest.json. visit may be nil, see [artifact.ReadManifest].
func readManifest(file string, visit func(artifact.Node) error) (artifact.Metadata, error) {
	f, err := os.Open(file)
	if err != nil {
		return artifact.Metadata{}, err
	}
	defer f.Close() // only read from
	return artifact.ReadManifest(file, f, visit)
}

// manifestMark identifies a version of the manifest.json in a build's target path,
// by size and time of change. It is "" if there is none.
func manifestMark(b *build) string {
	info, err := os.Stat(filepath.Join(b.Target(), "manifest.json"))
	if err != nil {
		return ""
	}
	return markOf(info)
}

// markOf identifies the state of a file by its size and time of change.
func markOf(info fs.FileInfo) string {
	return fmt.Sprintf("%d %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}

// readGraph reads the graph of a project's nodes from its manifest.
func readGraph(manifest string) (artifact.Graph, error) {
	f, err := os.Open(manifest)
	if err != nil {
		return artifact.Graph{}, err
	}
	defer f.Close()
	return artifact.ReadGraph(manifest, f)
}
