//go:build unix

package packaging

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// tag is the tag that the test gives to the commit.
const tag = "v0.3.0-rc.1"

// releaseTool returns a program of make release-tools.
func releaseTool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DOT_TEST_RELEASE")
	if dir == "" {
		t.Skip("DOT_TEST_RELEASE is not set: run make test-release")
	}
	return filepath.Join(dir, name)
}

// output runs a command in a directory, and returns its stdout.
func output(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("DOT_TEST_RELEASE")+string(os.PathListSeparator)+os.Getenv("PATH"))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, said.Bytes())
	}
	return string(out)
}

// The configuration and the workflow are valid.
func TestReleaseConfiguration(t *testing.T) {
	output(t, root, releaseTool(t, "goreleaser"), "check", "--quiet")
	workflows, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(workflows) == 0 {
		t.Fatalf("workflows: %v, %v", workflows, err)
	}
	for _, file := range workflows {
		output(t, ".", releaseTool(t, "actionlint"), file)
	}
}

// The notes of a release are its part of the changelog.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	script, err := os.ReadFile("notes.sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"packaging/notes.sh": string(script),
		"CHANGELOG.md":       "# Changelog\n\n## [Unreleased]\n\n## [0.3.0] - 2026-12-01\n\n### Added\n\n- this\n\n## [0.2.0]\n\n- that\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ version, want string }{
		{"v0.3.0", "### Added\n\n- this\n"},
		{"0.2.0", "- that\n"},
		{"v0.1.0", ""},     // no part
		{"0.3", ""},        // not a part of a version
		{"Unreleased", ""}, // an empty part
	} {
		out, err := exec.Command(filepath.Join(dir, "packaging", "notes.sh"), tt.version).Output()
		if got := string(out); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v, want %q", tt.version, got, err, tt.want)
		}
	}
}

// A snapshot of a release has what users install, and it runs.
func TestRelease(t *testing.T) {
	goreleaser := releaseTool(t, "goreleaser")
	dir := filepath.Join(t.TempDir(), "dot")
	output(t, ".", "git", "clone", "--quiet", "--no-local", root, dir)
	output(t, dir, "git", "tag", tag)
	t.Setenv("MAINTAINER", "Ann <ann@example.com>")
	output(t, dir, goreleaser, "release", "--snapshot", "--clean", "--skip=publish")
	if said := output(t, dir, "git", "status", "--porcelain"); said != "" {
		t.Errorf("it leaves files that git doesn't ignore:\n%s", said)
	}
	out := filepath.Join(dir, "build", "release")
	commit := strings.TrimSpace(output(t, dir, "git", "rev-parse", "--short=12", "HEAD"))
	date := strings.TrimSpace(output(t, dir, "git", "log", "-1", "--date=format-local:%Y-%m-%d", "--format=%cd"))
	version := fmt.Sprintf("dot %s (%s, %s) %s %s/%s\n", tag, commit, date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	one := func(pattern string) string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(out, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		return found[0]
	}
	sums := checkSums(t, out)
	var pages []string
	for _, name := range files(t, filepath.Join(dir, "build", "pages", "man")) {
		pages = append(pages, "man/"+name)
	}
	if len(pages) < 30 {
		t.Errorf("only %d man pages", len(pages))
	}
	t.Run("archive", func(t *testing.T) {
		into := t.TempDir()
		names := untar(t, one("*_"+runtime.GOOS+"_"+runtime.GOARCH+".tar.gz"), into)
		for _, want := range append(pages, "dot", "LICENSE", "CHANGELOG.md", "SKILL.md", "completions/dot.bash", "completions/_dot", "completions/dot.fish") {
			if !slices.Contains(names, want) {
				t.Errorf("it lacks %s", want)
			}
		}
		if got := output(t, into, filepath.Join(into, "dot"), "--version"); got != version {
			t.Errorf("dot --version: %q, want %q", got, version)
		}
		z, err := zip.OpenReader(one("*_windows_arm64.zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "dot.exe" }) {
			t.Error("the archive for Windows lacks dot.exe")
		}
	})
	t.Run("deb", func(t *testing.T) {
		if _, err := exec.LookPath("dpkg-deb"); err != nil || runtime.GOOS != "linux" {
			t.Skip("dpkg-deb is not installed")
		}
		into := t.TempDir()
		output(t, ".", "dpkg-deb", "--extract", one("*_linux_"+runtime.GOARCH+".deb"), into)
		if got := output(t, into, filepath.Join(into, "usr/lib/dot-for-dbt/dot"), "--version"); got != version {
			t.Errorf("dot --version: %q, want %q", got, version)
		}
		if to, err := os.Readlink(filepath.Join(into, "usr/bin/dot-for-dbt")); err != nil || to != "/usr/lib/dot-for-dbt/dot" {
			t.Errorf("usr/bin/dot-for-dbt: %s, %v", to, err)
		}
		if _, err := os.Lstat(filepath.Join(into, "usr/bin/dot")); err == nil {
			t.Error("usr/bin/dot is Graphviz's")
		}
		output(t, into, "bash", "-n", "usr/share/bash-completion/completions/dot-for-dbt")
		for _, page := range pages {
			f, err := os.Open(filepath.Join(into, "usr/share/man/man1", filepath.Base(page)+".gz"))
			if err != nil {
				t.Error(err)
				continue
			}
			if unzipped, err := gzip.NewReader(f); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if text, err := io.ReadAll(unzipped); err != nil || !bytes.HasPrefix(text, []byte(".TH")) {
				t.Errorf("%s: %.20q, %v", page, text, err)
			}
			f.Close()
		}
		about := output(t, ".", "dpkg-deb", "--info", one("*_linux_"+runtime.GOARCH+".deb"))
		for _, want := range []string{" Package: dot-for-dbt\n", " Depends: git\n", " Description: Run dbt at any commit, ", " Maintainer: Ann <ann@example.com>\n"} {
			if !strings.Contains(about, want) {
				t.Errorf("its description lacks %q:\n%s", want, about)
			}
		}
	})
	t.Run("rpm", func(t *testing.T) {
		file := one("*_linux_" + runtime.GOARCH + ".rpm")
		if _, err := exec.LookPath("rpm"); err != nil {
			t.Skip("rpm is not installed")
		}
		names := output(t, ".", "rpm", "--query", "--list", "--package", file)
		for _, want := range []string{"/usr/bin/dot-for-dbt\n", "/usr/lib/dot-for-dbt/dot\n", "/usr/share/man/man1/dot-for-dbt-build.1.gz\n", "/usr/share/zsh/site-functions/_dot_for_dbt\n"} {
			if !strings.Contains(names, want) {
				t.Errorf("it lacks %q:\n%s", want, names)
			}
		}
	})
	t.Run("modules", func(t *testing.T) {
		text, err := os.ReadFile(one("*_linux_amd64.cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var bom struct {
			Format     string `json:"bomFormat"`
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(text, &bom); err != nil {
			t.Fatal(err)
		}
		has := false
		for _, c := range bom.Components {
			has = has || c.Name == "github.com/alecthomas/kong" && c.Version != ""
		}
		if bom.Format != "CycloneDX" || !has {
			t.Errorf("a list of modules in the form %q, with kong: %t", bom.Format, has)
		}
	})
	t.Run("cask", func(t *testing.T) {
		text, err := os.ReadFile(one("homebrew/Casks/dot-for-dbt.rb"))
		if err != nil {
			t.Fatal(err)
		}
		cask := string(text)
		for _, want := range append(pages, `binary "dot", target: "dot-for-dbt"`, `bash_completion "completions/dot-for-dbt.bash"`) {
			if !strings.Contains(cask, want) {
				t.Errorf("it lacks %s", want)
			}
		}
		for _, system := range []string{"darwin_arm64", "darwin_amd64", "linux_arm64", "linux_amd64"} {
			sum := sums[filepath.Base(one("*_"+system+".tar.gz"))]
			if sum == "" || !strings.Contains(cask, `sha256 "`+sum+`"`) {
				t.Errorf("it lacks the checksum of %s, %q", system, sum)
			}
		}
	})
}

// checkSums checks checksums.txt, and returns the sums by file.
func checkSums(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		sums[fields[1]] = fields[0]
	}
	for _, name := range files(t, dir) {
		if !strings.HasPrefix(name, "dot-for-dbt_") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sums[name] {
			t.Errorf("the checksum of %s is %x, listed is %q", name, got, sums[name])
		}
	}
	if want := 6 + 6 + 4; len(sums) != want { // archives, lists of modules, packages
		t.Errorf("%d files have checksums, want %d:\n%s", len(sums), want, text)
	}
	return sums
}

// files returns the names of the files in a directory.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// untar unpacks an archive, and returns the names of its files.
func untar(t *testing.T, file, into string) (names []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		to := filepath.Join(into, h.Name)
		text, err := io.ReadAll(r)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, h.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}
