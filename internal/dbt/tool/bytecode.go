package tool

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// loadedAtStart are modules that every start of dbt 1.10 and 1.11 loads. If these are compiled, so
// are the others.
var loadedAtStart = []string{
	"dbt/cli/main.py", "dbt/cli/flags.py", "dbt/version.py", "dbt/config/runtime.py", "dbt/adapters/factory.py",
	"click/core.py", "jinja2/environment.py", "agate/__init__.py", "mashumaro/mixins/dict.py",
}

// Bytecode says how much of the code that dbt loads at its start is compiled. Python compiles the
// rest again at each start, if it can't or must not write the result. Then a start takes about
// twice as long.
type Bytecode struct {
	Python   string   // the interpreter
	Dirs     []string // directories of its packages
	Sampled  int      // number of modules that were checked
	Compiled int      // number of those that are compiled
}

// Bytecode checks the compiled modules of a dbt that is a plain console script. It is false for any
// other, because it is unknown which Python that starts.
func (t Tool) Bytecode() (Bytecode, bool) {
	if len(t.Argv) != 1 {
		return Bytecode{}, false
	}
	patterns, ok := sitePackages(t.Path)
	if !ok {
		return Bytecode{}, false
	}
	python, _ := Interpreter(t.Path) // cannot fail: sitePackages has read it
	b := Bytecode{Python: python}
	for _, pattern := range patterns {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return b, false
		}
		b.Dirs = append(b.Dirs, dirs...)
	}
	for _, dir := range b.Dirs {
		for _, module := range loadedAtStart {
			source, err := os.Stat(filepath.Join(dir, filepath.FromSlash(module)))
			if err != nil {
				continue
			}
			b.Sampled++
			if isCompiled(filepath.Join(dir, filepath.FromSlash(module)), source) {
				b.Compiled++
			}
		}
	}
	return b, b.Sampled > 0
}

// isCompiled reports whether a module has bytecode that Python accepts: its header has to match the
// source (PEP 552).
func isCompiled(module string, source os.FileInfo) bool {
	dir, name := filepath.Split(module)
	stem := strings.TrimSuffix(name, ".py")
	entries, err := os.ReadDir(filepath.Join(dir, "__pycache__"))
	if err != nil {
		return false
	}
	for _, entry := range entries {
		tag, ok := strings.CutPrefix(entry.Name(), stem+".")
		if ok && strings.Count(tag, ".") == 1 && strings.HasSuffix(tag, ".pyc") && // not .opt-1.pyc
			fits(filepath.Join(dir, "__pycache__", entry.Name()), source) {
			return true
		}
	}
	return false
}

// fits reports whether bytecode was made from the present source.
func fits(bytecode string, source os.FileInfo) bool {
	f, err := os.Open(bytecode)
	if err != nil {
		return false
	}
	defer f.Close()
	var head struct{ Magic, Flags, Time, Size uint32 }
	if err := binary.Read(io.LimitReader(f, 16), binary.LittleEndian, &head); err != nil {
		return false
	}
	byHash := head.Flags&1 != 0
	return byHash || head.Time == uint32(source.ModTime().Unix()) && head.Size == uint32(source.Size())
}
