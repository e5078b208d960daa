//go:build unix

package packaging

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// everyWheel has the wheels of make dist: by system, its tags and a check of its program.
var everyWheel = map[string]struct {
	tags    []string
	program func(io.ReaderAt) error
}{
	"linux/amd64":   {[]string{"manylinux2014_x86_64", "manylinux_2_17_x86_64", "musllinux_1_1_x86_64"}, static(elf.EM_X86_64)},
	"linux/arm64":   {[]string{"manylinux2014_aarch64", "manylinux_2_17_aarch64", "musllinux_1_1_aarch64"}, static(elf.EM_AARCH64)},
	"darwin/amd64":  {[]string{"macosx_12_0_x86_64"}, forMacOS(macho.CpuAmd64, 12)},
	"darwin/arm64":  {[]string{"macosx_12_0_arm64"}, forMacOS(macho.CpuArm64, 12)},
	"windows/amd64": {[]string{"win_amd64"}, forWindows(pe.IMAGE_FILE_MACHINE_AMD64)},
	"windows/arm64": {[]string{"win_arm64"}, forWindows(pe.IMAGE_FILE_MACHINE_ARM64)},
}

// static checks a program for Linux: it needs neither glibc nor musl.
func static(machine elf.Machine) func(io.ReaderAt) error {
	return func(r io.ReaderAt) error {
		f, err := elf.NewFile(r)
		if err != nil {
			return err
		}
		if f.Machine != machine || f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
			return fmt.Errorf("a file of the kind %s for %s", f.Type, f.Machine)
		}
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP {
				return fmt.Errorf("it needs a loader of the system")
			}
		}
		return nil
	}
}

// forMacOS checks a program for macOS, from a release on. Processors of Apple start signed programs only.
func forMacOS(cpu macho.Cpu, release uint32) func(io.ReaderAt) error {
	const buildVersion, codeSignature = 0x32, 0x1d
	return func(r io.ReaderAt) error {
		f, err := macho.NewFile(r)
		if err != nil {
			return err
		}
		if f.Cpu != cpu || f.Type != macho.TypeExec {
			return fmt.Errorf("a file of the kind %s for %s", f.Type, f.Cpu)
		}
		var oldest uint32
		signed := false
		for _, l := range f.Loads {
			switch raw := l.Raw(); f.ByteOrder.Uint32(raw) {
			case buildVersion:
				oldest = f.ByteOrder.Uint32(raw[12:]) >> 16
			case codeSignature:
				signed = true
			}
		}
		if oldest != release {
			return fmt.Errorf("it is for macOS %d, its wheel for %d", oldest, release)
		}
		if !signed && cpu == macho.CpuArm64 {
			return fmt.Errorf("it isn't signed")
		}
		return nil
	}
}

// forWindows checks a program for Windows that has a console.
func forWindows(machine uint16) func(io.ReaderAt) error {
	return func(r io.ReaderAt) error {
		f, err := pe.NewFile(r)
		if err != nil {
			return err
		}
		header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
		if !ok || f.Machine != machine || header.Subsystem != pe.IMAGE_SUBSYSTEM_WINDOWS_CUI {
			return fmt.Errorf("a file for the machine %#x, with the header %+v", f.Machine, f.OptionalHeader)
		}
		return nil
	}
}

// distributed returns the directory with the wheels of make dist, and their names by system.
func distributed(t *testing.T) (dir string, names map[string]string) {
	t.Helper()
	dir = os.Getenv("DOT_TEST_WHEELS")
	if dir == "" {
		t.Skip("DOT_TEST_WHEELS is not set: run make test-dist")
	}
	names = map[string]string{}
	for _, name := range files(t, dir) {
		for system, wheel := range everyWheel {
			if strings.Contains(name, wheel.tags[0]) {
				names[system] = name
			}
		}
	}
	if len(names) != len(everyWheel) || len(files(t, dir)) != len(everyWheel) {
		t.Fatalf("make dist has made %v", files(t, dir))
	}
	return dir, names
}

// A wheel for a system that isn't here can't be run. Its content says whether it would.
func TestEveryWheel(t *testing.T) {
	dir, names := distributed(t)
	commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for system, want := range everyWheel {
		t.Run(strings.ReplaceAll(system, "/", "-"), func(t *testing.T) {
			file := filepath.Join(dir, names[system])
			must(t, t.TempDir(), dist(t, "twine"), "check", "--strict", file)
			must(t, t.TempDir(), dist(t, "check-wheel-contents"), file)
			if info, err := os.Stat(file); err != nil || info.Size() > most {
				t.Errorf("it has %d bytes, more than %d, or %v", info.Size(), most, err)
			}
			entries := unzipped(t, file)
			part := strings.Split(names[system], "-")
			about := part[0] + "-" + part[1] + ".dist-info/"
			program := "dot"
			if strings.HasPrefix(system, "windows/") {
				program = "dot.exe"
			}
			program = part[0] + "-" + part[1] + ".data/scripts/" + program
			for _, name := range []string{
				"dot_for_dbt/SKILL.md", "dot_for_dbt/__init__.py", "dot_for_dbt/__main__.py", program,
				about + "METADATA", about + "WHEEL", about + "RECORD", about + "entry_points.txt", about + "licenses/LICENSE",
			} {
				if _, ok := entries[name]; !ok {
					t.Errorf("it lacks %s", name)
				}
			}
			if len(entries) != 9 {
				t.Errorf("it has %d files", len(entries))
			}
			recorded(t, entries, about+"RECORD")
			if mode := entries[program].mode; mode&0o111 != 0o111 {
				t.Errorf("%s has the mode %s", program, mode)
			}
			if got := string(entries[about+"entry_points.txt"].text); !strings.Contains(got, "[console_scripts]\ndot-for-dbt = dot_for_dbt.__main__:main\n") {
				t.Errorf("entry points:\n%s", got)
			}
			var tags []string
			wheel := string(entries[about+"WHEEL"].text)
			for line := range strings.Lines(wheel) {
				if tag, ok := strings.CutPrefix(line, "Tag: py3-none-"); ok {
					tags = append(tags, strings.TrimSpace(tag))
				}
			}
			named := strings.Split(strings.TrimSuffix(part[len(part)-1], ".whl"), ".")
			slices.Sort(tags)
			slices.Sort(named)
			if !slices.Equal(tags, want.tags) || !slices.Equal(named, want.tags) || !strings.Contains(wheel, "Root-Is-Purelib: false\n") {
				t.Errorf("its name has the tags %q, want %q, and its file WHEEL says:\n%s", named, want.tags, wheel)
			}
			if meta := string(entries[about+"METADATA"].text); strings.Contains(meta, "Requires-Dist") {
				t.Errorf("it needs other packages:\n%s", meta)
			}
			binary := entries[program].text
			if err := want.program(bytes.NewReader(binary)); err != nil {
				t.Error(err)
			}
			if bytes.Contains(binary, []byte(checkout+"/")) {
				t.Errorf("the program has the path of the checkout, %s", checkout)
			}
			info, err := buildinfo.Read(bytes.NewReader(binary))
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, s := range info.Settings {
				settings[s.Key] = s.Value
			}
			if got := settings["GOOS"] + "/" + settings["GOARCH"]; got != system || settings["CGO_ENABLED"] != "0" || settings["vcs.revision"] != strings.TrimSpace(string(commit)) {
				t.Errorf("the program was built for %s, cgo %s, from the commit %s", got, settings["CGO_ENABLED"], settings["vcs.revision"])
			}
		})
	}
}

// zipped is a file in a wheel.
type zipped struct {
	text []byte
	mode os.FileMode
}

// unzipped reads a wheel.
func unzipped(t *testing.T, file string) map[string]zipped {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	entries := map[string]zipped{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := entries[f.Name]; ok || path.Clean(f.Name) != f.Name || path.IsAbs(f.Name) || strings.HasPrefix(f.Name, "../") {
			t.Errorf("a file named %q", f.Name)
		}
		entries[f.Name] = zipped{text, f.Mode()}
	}
	return entries
}

// recorded checks that RECORD has all files, with their sizes and hashes.
func recorded(t *testing.T, entries map[string]zipped, record string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(entries[record].text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(entries) {
		t.Errorf("RECORD has %d of %d files", len(rows), len(entries))
	}
	for _, row := range rows {
		if row[0] == record {
			continue
		}
		text := entries[row[0]].text
		sum := sha256.Sum256(text)
		if want := "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:]); row[1] != want || row[2] != strconv.Itoa(len(text)) {
			t.Errorf("RECORD says %q of a file with the hash %s and %d bytes", row, want, len(text))
		}
	}
}
