package config

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/lazy"
)

// Settings are dot's own, from dot: of an environment or of all. dbt gets none of them.
//
// They are independent of each other, so layers merge setting by setting, and a list replaces a
// whole list. An empty value removes what lower layers say about a setting. A list of one word may
// be written as that word.
type Settings struct {
	// MaxAge (max-age) is how long a build stays up to date; nil: not set.
	MaxAge *Age
	// SharedSchemas (shared-schemas) are schemas that isolated builds may write to.
	SharedSchemas []string
	// TargetName (target-name) is the output's name in isolated builds; "": the profile's own name.
	TargetName string
	// SchemaSuffix (schema-suffix) is the template for the end of an isolated build's schema, after
	// an underscore. It must contain {short}, the commit's abbreviated hash, and may contain {env},
	// the environment; "": not set.
	SchemaSuffix string
	// Short (short) is the length of an abbreviated hash, 4 to 40; 0: not set.
	Short int
	// DBT (dbt) is the command line that runs dbt. Its first word is the program.
	DBT []string
	// Toolchain (toolchain) is the path of a pip requirements file, with slashes, relative to the
	// project. A virtual environment made from the file as of the commit provides dbt. "": not set;
	// never set together with DBT.
	Toolchain string
	// DBTHost (dbt-host) says whether dbt may run in a host: nil: with the adapters that were
	// tried; true: with any; false: never.
	DBTHost *bool
	// VersionCheck (version-check) says whether dbt must fit require-dbt-version; nil: not set.
	VersionCheck *bool
	// Sparse (sparse) says whether a worktree may have only the directories that the project needs; nil:
	// not set.
	Sparse *bool
	// Protected (protected) says whether a command that writes into the environment's own schema
	// has to be confirmed; nil: not set.
	Protected *bool
	// Baseline (baseline) is where a run of dbt in the environment's own schema left its artifacts: a
	// directory, a .json file, or a URL of file, https or a bucket; "": not set.
	Baseline string
	// Store (store) is the URL of the team's store of builds; "": not set.
	Store string
	// Env and IgnoreEnv (env, ignore-env) name environment variables whose values do, or do not,
	// affect whether a build is up to date.
	Env, IgnoreEnv []string
	// Pool (pool) is the pool in which the environment's commands run; "": none. Pools (pools) has
	// the size of each pool: how many commands of an invocation may run in it at once.
	Pool  string
	Pools map[string]int
	// Keep (keep) says which builds dot prune leaves; nil: not set.
	Keep *Keep
	// Compare (compare) has the settings for comparing builds.
	Compare Compare
}

// settings has a reader for each setting, by name.
var settings = map[string]func(*Settings, node) error{
	"max-age": func(s *Settings, n node) error {
		switch n.value.(type) {
		case string, int64: // 0 is a number
		default:
			return n.at.problemf("max-age must be an age such as 12h, but is %s", describe(n.value))
		}
		age, err := ParseAge(fmt.Sprint(n.value))
		if err != nil {
			return n.at.problemf("max-age: %v", err)
		}
		s.MaxAge = &age
		return nil
	},
	"shared-schemas": func(s *Settings, n node) (err error) {
		s.SharedSchemas, err = words(n, "shared-schemas")
		return err
	},
	"target-name": func(s *Settings, n node) (err error) {
		s.TargetName, err = word(n, "target-name")
		return err
	},
	"schema-suffix": func(s *Settings, n node) (err error) {
		if s.SchemaSuffix, err = word(n, "schema-suffix"); err != nil {
			return err
		}
		return checkSuffix(n.at, s.SchemaSuffix)
	},
	"short": func(s *Settings, n node) error {
		length, ok := n.value.(int64)
		if !ok || length < 4 || length > 40 {
			return n.at.problemf("short must be a number from 4 to 40, but is %s", show(n.plain()))
		}
		s.Short = int(length)
		return nil
	},
	"dbt": func(s *Settings, n node) (err error) {
		if s.DBT, err = words(n, "dbt"); err != nil {
			return err
		}
		if len(s.DBT) == 0 {
			return n.at.problemf("dbt is an empty list: a program and its arguments are expected").hint("dbt: [uv, run, dbt]")
		}
		if _, isWord := n.value.(string); isWord && strings.ContainsAny(s.DBT[0], " \t") {
			return n.at.problemf("dbt is one text with spaces: a list of words is expected").
				hint("dbt: [" + strings.Join(strings.Fields(s.DBT[0]), ", ") + "]")
		}
		return nil
	},
	"toolchain": func(s *Settings, n node) (err error) {
		if s.Toolchain, err = word(n, "toolchain"); err != nil {
			return err
		}
		s.Toolchain, err = localPath(n.at, s.Toolchain)
		return err
	},
	"dbt-host": func(s *Settings, n node) (err error) {
		s.DBTHost, err = onOff(n, "dbt-host")
		return err
	},
	"version-check": func(s *Settings, n node) (err error) {
		s.VersionCheck, err = onOff(n, "version-check")
		return err
	},
	"sparse": func(s *Settings, n node) (err error) {
		s.Sparse, err = onOff(n, "sparse")
		return err
	},
	"protected": func(s *Settings, n node) (err error) {
		s.Protected, err = onOff(n, "protected")
		return err
	},
	"baseline": func(s *Settings, n node) (err error) {
		s.Baseline, err = word(n, "baseline")
		return err
	},
	"store": func(s *Settings, n node) (err error) {
		s.Store, err = word(n, "store")
		return err
	},
	"env": func(s *Settings, n node) (err error) {
		s.Env, err = variableNames(n, "env")
		return err
	},
	"pool": func(s *Settings, n node) (err error) {
		s.Pool, err = word(n, "pool")
		return err
	},
	"pools": func(s *Settings, n node) (err error) {
		s.Pools, err = poolSizes(n)
		return err
	},
	"keep": func(s *Settings, n node) (err error) {
		s.Keep, err = readKeep(n)
		return err
	},
	"compare": func(s *Settings, n node) (err error) {
		s.Compare, err = readCompare(n)
		return err
	},
	"ignore-env": func(s *Settings, n node) (err error) {
		s.IgnoreEnv, err = variableNames(n, "ignore-env")
		return err
	},
}

// poolSizes reads the size of each pool.
func poolSizes(n node) (map[string]int, error) {
	entries, err := asMapping(n, "pools")
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int, len(entries))
	for _, e := range entries {
		size, ok := e.value.value.(int64)
		if !ok || size < 1 || size > maxPool {
			return nil, e.value.at.problemf("pools: %s must have a size from 1 to %d, but has %s", e.key, maxPool, show(e.value.plain()))
		}
		sizes[e.key] = int(size)
	}
	return sizes, nil
}

// maxPool is more than anybody needs.
const maxPool = 1000

// addSettings checks and keeps the settings of a dot: key.
func (l *layer) addSettings(e entry) error {
	entries, err := asMapping(e.value, "dot")
	if err != nil {
		return err
	}
	for _, item := range entries {
		name := flagName(item.key)
		read, known := settings[name]
		if !known {
			all := slices.Sorted(maps.Keys(settings))
			return item.at.problemf("unknown setting %q", item.key).
				hint(didYouMean(name, all), "settings of dot: "+strings.Join(all, ", "))
		}
		if _, twice := l.dot[name]; twice {
			if item.merged {
				continue
			}
			return item.at.problemf("setting %s is given twice, with - and with _", name)
		}
		if !item.value.isEmpty() {
			if err := read(&Settings{}, item.value); err != nil {
				return err
			}
		}
		l.dot[name] = item.value
	}
	return nil
}

// mergeSettings merges and reads the settings of layers, the lowest first.
func mergeSettings(layers []layer) (Settings, error) {
	merged := map[string]node{}
	for _, l := range layers {
		maps.Copy(merged, l.dot)
	}
	var s Settings
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		if merged[name].isEmpty() {
			continue
		}
		if err := settings[name](&s, merged[name]); err != nil {
			return Settings{}, err
		}
	}
	if _, sized := s.Pools[s.Pool]; s.Pool != "" && !sized {
		return Settings{}, merged["pool"].at.problemf("pool %s has no size", s.Pool).
			hint("say how many commands may run in it at once: all: {dot: {pools: {" + s.Pool + ": 2}}}")
	}
	if len(s.DBT) > 0 && s.Toolchain != "" {
		return Settings{}, merged["toolchain"].at.problemf("dbt and toolchain are both set, and each says which dbt runs").
			hint("keep one of them", "to unset what a lower layer sets: dot: {dbt: null, toolchain: "+s.Toolchain+"}")
	}
	return s, nil
}

// word reads text that isn't empty.
func word(n node, name string) (string, error) {
	text, ok := n.value.(string)
	switch {
	case !ok:
		p := n.at.problemf("%s must be text, but is %s", name, describe(n.value))
		switch n.value.(type) {
		case nil:
			p.hint("give it a value, or remove the line")
		case []node, mapping:
		default:
			p.hint("put it into quotes: " + show(n.text))
		}
		return "", p
	case text == "":
		return "", n.at.problemf("%s is empty text", name)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", n.at.problemf("%s holds a control character or a line break", name)
	}
	return text, nil
}

// words reads a list of texts, or a single text.
func words(n node, name string) ([]string, error) {
	items, ok := n.value.([]node)
	if !ok {
		items = []node{n}
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		text, err := word(item, name)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

var variableForm = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variableNames reads a list of names of environment variables.
func variableNames(n node, name string) ([]string, error) {
	list, err := words(n, name)
	for _, variable := range list {
		if !variableForm().MatchString(variable) {
			return nil, n.at.problemf("%s: %q is not the name of an environment variable", name, variable).
				hint("names are expected, not values: " + name + ": [TZ, REGION]")
		}
	}
	return list, err
}

// localPath returns a cleaned path of a file in the project. The path is for git, so it has
// slashes.
func localPath(at place, name string) (string, error) {
	clean := path.Clean(name)
	if !fs.ValidPath(clean) || clean == "." || strings.ContainsAny(clean, `\:`) {
		return "", at.problemf("toolchain: %q is not the path of a file in the project", name).
			hint("toolchain: requirements.txt", "write it relative to the project's directory, with slashes and without ..")
	}
	return clean, nil
}

var placeholderForm = lazy.Regexp(`\{[^{}]*\}?|[^A-Za-z0-9_]`)

// checkSuffix refuses a template that can't be a schema's name everywhere, or lacks {short}.
// Without {short}, the schema would be the same for every commit, and the check that a schema's
// name contains it would prove nothing.
func checkSuffix(at place, template string) error {
	for _, part := range placeholderForm().FindAllString(template, -1) {
		switch {
		case part == "{env}" || part == "{short}":
		case strings.HasPrefix(part, "{"):
			return at.problemf("schema-suffix: %q is not a placeholder", part).hint("placeholders: {env}, {short}")
		default:
			return at.problemf("schema-suffix holds %q: letters, digits, _, {env} and {short} are allowed", part)
		}
	}
	if !strings.Contains(template, "{short}") {
		return at.problemf("schema-suffix lacks {short}, which tells one commit's tables from another's").hint(`schema-suffix: "{env}_{short}"`)
	}
	return nil
}

// onOff reads true or false.
func onOff(n node, name string) (*bool, error) {
	on, ok := n.value.(bool)
	if !ok {
		return nil, n.at.problemf("%s must be true or false, but is %s", name, show(n.plain()))
	}
	return &on, nil
}
