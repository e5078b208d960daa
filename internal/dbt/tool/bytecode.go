package tool

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// loadedAtStart are modules that every start of dbt 1.10 and 1.11 loads: where these are compiled, the others are.
var loadedAtStart = []string{
	"dbt/cli/main.py", "dbt/cli/flags.py", "dbt/version.py", "dbt/config/runtime.py", "dbt/adapters/factory.py",
	"click/core.py", "jinja2/environment.py", "agate/__init__.py", "mashumaro/mixins/dict.py",
}

// Bytecode says how much of what dbt loads at its start is compiled. What is not, Python compiles again at each start
// if it can't or must not write the result, and a start then takes about twice as long.
type Bytecode struct {
	Python   string   // the interpreter
	Dirs     []string // where its packages are
	Sampled  int      // how many modules were looked at
	Compiled int      // how many of them are
}

// Bytecode looks at the compiled modules of a dbt that is a plain console script. It is false for any other: nobody can
// tell which Python that one starts.
func (t Tool) Bytecode() (Bytecode, bool) {
	if len(t.Argv) != 1 {
		return Bytecode{}, false
	}
	patterns, ok := sitePackages(t.Path)
	if !ok {
		return Bytecode{}, false
	}
	python, _ := Interpreter(t.Path) // sitePackages has read it
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

// isCompiled reports whether a module has bytecode that Python takes: what stands in its head has to fit the source
// (PEP 552).
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

// fits reports whether bytecode was made from the source as it is.
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
