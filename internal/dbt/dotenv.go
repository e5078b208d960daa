package dbt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/dbt/version"
	"dot-for-dbt/internal/lazy"
)

// LoadsDotEnv reports whether a version of dbt loads a .env, given the value of python-dotenv's
// switch PYTHON_DOTENV_DISABLED. dbt 1.12 and later do. An unknown version ("") may.
func LoadsDotEnv(v, disabled string) bool {
	if v != "" && !version.AtLeast(v, "1.12") {
		return false
	}
	off := slices.Contains([]string{"1", "true", "t", "yes", "y"}, strings.ToLower(disabled))
	return !off || version.IsV2(v)
}

// DotEnvFile returns the .env that a version of dbt loads if it runs in dir, "" for none. dbt 1.12
// loads the first one in dir or in a directory above it (python-dotenv's find_dotenv), dbt 2 only
// the one in dir. disabled is as for [LoadsDotEnv].
func DotEnvFile(v, disabled, dir string) string {
	if !LoadsDotEnv(v, disabled) {
		return ""
	}
	for {
		file := filepath.Join(dir, ".env")
		if info, err := os.Stat(file); err == nil && (info.Mode().IsRegular() || info.Mode()&os.ModeNamedPipe != 0) {
			return file
		}
		parent := filepath.Dir(dir)
		if parent == dir || version.IsV2(v) {
			return ""
		}
		dir = parent
	}
}

// LooksForDotEnvAbove reports whether a version of dbt also loads a .env above its directory.
func LooksForDotEnvAbove(v string) bool { return !version.IsV2(v) }

// A DotEnv is what a .env adds to an environment. The zero value adds nothing.
type DotEnv struct {
	// Values are the variables that it sets, without those that the environment has, too.
	Values map[string]string
	// defined has the texts that define the variables, if dbt may read them in another way; else nil.
	defined map[string]string
}

// Identity returns a text that stands for a variable's value. It is false for one that is not set.
func (d DotEnv) Identity(name string) (string, bool) {
	value, ok := d.Values[name]
	if ok && d.defined != nil {
		value = fmt.Sprintf("%q as in %q", value, d.defined[name])
	}
	return value, ok
}

// ReadDotEnv reads a .env as a version of dbt does, for a process with this environment. A file that
// can't be read sets nothing; dbt then fails when it starts. Neither does a named pipe: whoever
// reads one takes its text from dbt.
func ReadDotEnv(v, file string, env []string) DotEnv {
	if file == "" || IsPipe(file) {
		return DotEnv{}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return DotEnv{}
	}
	return ParseDotEnv(v, string(data), env)
}

// IsPipe reports whether a file is a named pipe.
func IsPipe(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// ParseDotEnv is [ReadDotEnv] for the text of a .env.
func ParseDotEnv(v, text string, env []string) DotEnv {
	d := DotEnv{Values: map[string]string{}}
	if !utf8.ValidString(text) {
		return d // dbt fails
	}
	own := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		own[envKey(name)] = value
	}
	for _, b := range parseDotEnv(text) {
		if !b.valued {
			delete(d.Values, b.name) // a name without a value unsets an earlier one
			continue
		}
		d.Values[b.name] = dotEnvVariable().ReplaceAllStringFunc(b.value, func(found string) string {
			m := dotEnvVariable().FindStringSubmatch(found)
			if value, ok := own[envKey(m[1])]; ok {
				return value
			}
			if value, ok := d.Values[m[1]]; ok {
				return value
			}
			if slices.Contains(b.unset, m[1]) {
				return "" // it is there, without a value: that has no default
			}
			return m[2]
		})
	}
	if v == "" || version.IsV2(v) {
		d.defined = definitions(text)
		for name := range d.defined {
			if _, ok := d.Values[name]; !ok {
				d.Values[name] = ""
			}
		}
	}
	for name := range d.Values {
		if _, ok := own[envKey(name)]; ok {
			delete(d.Values, name)
		}
	}
	return d
}

// dotEnvName matches the names that a .env sets, one a line. A line inside a quoted value may match
// by mistake. That does no harm: dot then only states explicitly what is the default anyway.
var dotEnvName = lazy.Regexp(`(?m)^[ \t]*(?:export[ \t]+)?['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?[ \t]*=`)

// definitions returns the text that defines each variable, for a dbt whose way of reading a .env dot
// doesn't know (dbt 2). That is the whole text if the value is put together from others.
func definitions(all string) map[string]string {
	matches := dotEnvName().FindAllStringSubmatchIndex(all, -1)
	defined := make(map[string]string, len(matches))
	for i, m := range matches {
		end := len(all)
		if i+1 < len(matches) {
			end = matches[i+1][0]
		}
		text := all[m[0]:end]
		if strings.Contains(text, "$") {
			text = all
		}
		defined[all[m[2]:m[3]]] = text
	}
	return defined
}

// dotEnvVariable matches ${NAME} and ${NAME:-default} in a value.
var dotEnvVariable = lazy.Regexp(`\$\{([^}:]*)(?::-([^}]*))?\}`)

// A binding is a line of a .env.
type binding struct {
	name, value string
	valued      bool     // NAME=…, not only NAME
	unset       []string // names that earlier lines have left without a value
}

// parseDotEnv reads the lines of a .env like python-dotenv 1.2.4 (parser.py). It skips lines that
// python-dotenv warns of.
func parseDotEnv(text string) []binding {
	// Python translates the line ends.
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	r := dotEnvReader{rest: strings.TrimPrefix(text, "\ufeff")}
	var all []binding
	var unset []string
	for r.rest != "" {
		r.skip(isPythonSpace)
		if r.rest == "" {
			break
		}
		b, ok := r.binding()
		if !ok {
			_, r.rest, _ = strings.Cut(r.rest, "\n")
			continue
		}
		if b.name == "" {
			continue // a comment
		}
		b.unset = slices.Clone(unset)
		unset = slices.DeleteFunc(unset, func(name string) bool { return name == b.name })
		if !b.valued {
			unset = append(unset, b.name)
		}
		all = append(all, b)
	}
	return all
}

type dotEnvReader struct{ rest string }

// binding reads a line. It is false for an invalid one; then it has read a part of it.
func (r *dotEnvReader) binding() (b binding, ok bool) {
	if after, found := strings.CutPrefix(r.rest, "export"); found {
		if trimmed := strings.TrimLeftFunc(after, isBlank); trimmed != after {
			r.rest = trimmed
		}
	}
	switch {
	case strings.HasPrefix(r.rest, "#"):
	case strings.HasPrefix(r.rest, "'"):
		name, rest, closed := strings.Cut(r.rest[1:], "'")
		if !closed || name == "" {
			return b, false
		}
		b.name, r.rest = name, rest
	default:
		b.name = r.skip(func(c rune) bool { return c != '=' && c != '#' && !isPythonSpace(c) })
		if b.name == "" {
			return b, false
		}
	}
	r.skip(isBlank)
	if b.valued = strings.HasPrefix(r.rest, "="); b.valued {
		r.rest = r.rest[1:]
		blanks := r.skip(isBlank)
		if blanks == "" || !strings.HasPrefix(r.rest, "#") {
			if b.value, ok = r.value(); !ok {
				return b, false
			}
		}
	}
	r.skip(isBlank)
	if strings.HasPrefix(r.rest, "#") {
		r.skip(func(c rune) bool { return c != '\n' })
	}
	if r.rest != "" && r.rest[0] != '\n' {
		return b, false
	}
	r.rest = strings.TrimPrefix(r.rest, "\n")
	return b, true
}

// value reads a value. It is false for a quote without an end.
func (r *dotEnvReader) value() (string, bool) {
	if r.rest == "" || r.rest[0] == '\n' {
		return "", true
	}
	quote := r.rest[0]
	if quote != '\'' && quote != '"' {
		line := r.skip(func(c rune) bool { return c != '\n' })
		if at := dotEnvComment(line); at >= 0 {
			line = line[:at]
		}
		return strings.TrimRightFunc(line, isPythonSpace), true
	}
	escapes := `\'`
	if quote == '"' {
		escapes = `\'"abfnrtv`
	}
	var value strings.Builder
	for i := 1; i < len(r.rest); i++ {
		c := r.rest[i]
		switch {
		case c == quote:
			r.rest = r.rest[i+1:]
			return value.String(), true
		case c != '\\':
			value.WriteByte(c)
		case i+1 == len(r.rest):
			return "", false
		default:
			i++
			if next := r.rest[i]; strings.IndexByte(escapes, next) < 0 {
				value.WriteString(r.rest[i-1 : i+1])
			} else if at := strings.IndexByte("abfnrtv", next); at >= 0 {
				value.WriteByte("\a\b\f\n\r\t\v"[at])
			} else {
				value.WriteByte(next)
			}
		}
	}
	return "", false
}

// dotEnvComment returns where the comment of a value without quotes begins, with the spaces before
// it, or -1.
func dotEnvComment(line string) int {
	spaces := -1
	for i, c := range line {
		switch {
		case c == '#' && spaces >= 0:
			return spaces
		case !isPythonSpace(c):
			spaces = -1
		case spaces < 0:
			spaces = i
		}
	}
	return -1
}

// skip reads the characters at the start for which is holds.
func (r *dotEnvReader) skip(is func(rune) bool) (read string) {
	end := strings.IndexFunc(r.rest, func(c rune) bool { return !is(c) })
	if end < 0 {
		end = len(r.rest)
	}
	read, r.rest = r.rest[:end], r.rest[end:]
	return read
}

// isPythonSpace reports whether a character is a space for Python's str and re.
func isPythonSpace(c rune) bool { return unicode.IsSpace(c) || '\x1c' <= c && c <= '\x1f' }

func isBlank(c rune) bool { return isPythonSpace(c) && c != '\n' && c != '\r' }
