package config_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/pyyaml"
)

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

func mustLoad(t *testing.T, f files) *config.Config {
	t.Helper()
	cfg, err := load(t, f)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func at(file string, line, column int) config.Position {
	return config.Position{File: file, Line: line, Column: column}
}

// TestResolve proves C.2, C.4.
func TestResolve(t *testing.T) {
	const baseFile, userFile = "dot_environments.yml", "dot_environments.user.yml"
	for _, test := range []struct {
		name string
		files
		env  string
		vars map[string]any
		want config.Environment
	}{
		{
			name: "an environment with nothing in it", files: files{base: "environment:\n  default: dev\n  dev:\n"},
			want: config.Environment{Name: "dev"},
		},
		{
			name: "flags of each type, sorted, in one spelling",
			files: files{base: `environment:
  dev:
    threads: 4
    full_refresh: true
    target: dev
    sample: 0.5
    exclude: [a, 1, false]
    id: 18446744073709551616
`},
			env: "dev",
			want: config.Environment{Name: "dev", Flags: []config.Flag{
				{Name: "exclude", Value: []any{"a", int64(1), false}, Pos: at(baseFile, 7, 5)},
				{Name: "full-refresh", Value: true, Pos: at(baseFile, 4, 5)},
				{Name: "id", Value: "18446744073709551616", Pos: at(baseFile, 8, 5)},
				{Name: "sample", Value: 0.5, Pos: at(baseFile, 6, 5)},
				{Name: "target", Value: "dev", Pos: at(baseFile, 5, 5)},
				{Name: "threads", Value: int64(4), Pos: at(baseFile, 3, 5)},
			}},
		},
		{
			name: "each layer over the one before",
			files: files{
				base: "environment:\n  all: {a: 1, b: 1, c: 1, d: 1, vars: {v: 1, w: 1, x: 1, y: {k: 1}}}\n  dev: {b: 2, c: 2, d: 2, vars: {w: 2, x: 2, y: {l: 2}}}\n",
				user: "environment:\n  all: {c: 3, d: 3, vars: {x: 3}}\n  dev: {d: 4}\n",
			},
			env: "dev", vars: map[string]any{"z": "cli"},
			want: config.Environment{
				Name: "dev",
				Flags: []config.Flag{
					{Name: "a", Value: int64(1), Pos: at(baseFile, 2, 9)},
					{Name: "b", Value: int64(2), Pos: at(baseFile, 3, 9)},
					{Name: "c", Value: int64(3), Pos: at(userFile, 2, 9)},
					{Name: "d", Value: int64(4), Pos: at(userFile, 3, 9)},
				},
				Vars: map[string]any{"v": int64(1), "w": int64(2), "x": int64(3), "y": map[string]any{"l": int64(2)}, "z": "cli"},
			},
		},
		{
			name: "null takes a flag away, but is a value of a variable",
			files: files{
				base: "environment:\n  dev: {threads: 4, vars: {a: 1}}\n",
				user: "environment:\n  dev: {threads: null, vars: {a: null}}\n",
			},
			env: "dev", want: config.Environment{Name: "dev", Vars: map[string]any{"a": nil}},
		},
		{
			name: "an empty value sets nothing, and takes away what is set below",
			files: files{
				base: "environment:\n  default: dev\n  all: ''\n  dev: {exclude: '', threads: 4, target: dev, vars: {a: 1, b: ''}, dot: {short: 8, pool: '', max-age: '', compare: {where: '', key: ''}}}\n",
				user: "environment:\n  default:\n  dev: {threads: '', target: , vars: , dot: {short: ''}}\n",
			},
			want: config.Environment{Name: "dev", Vars: map[string]any{"a": int64(1), "b": ""}},
		},
		{
			name: "the user's default wins and may be the user's own environment",
			files: files{
				base: "environment:\n  default: prod\n  prod: {}\n",
				user: "environment:\n  default: mine\n  mine: {}\n",
			},
			want: config.Environment{Name: "mine"},
		},
		{
			name: "the project's default may be an environment of the user's",
			files: files{
				base: "environment:\n  default: mine\n",
				user: "environment:\n  mine: {}\n",
			},
			want: config.Environment{Name: "mine"},
		},
		{
			name: "settings, merged one by one",
			files: files{
				base: `environment:
  all:
    dot: {max-age: 1d12h, short: 8, shared-schemas: raw, target_name: prod, dbt: [uv, run, dbt], env: [TZ], ignore-env: [CI], pools: {warehouse: 2}, dbt-host: true, version-check: false, sparse: false, keep: {last: 5, days: 30}}
  dev:
    dot: {schema-suffix: "{env}_{short}", shared-schemas: [a, b], short: null}
`,
				user: "environment:\n  dev:\n    dot: {dbt: dbt-1.11, max-age: 0, pool: warehouse}\n",
			},
			env: "dev",
			want: config.Environment{Name: "dev", Dot: config.Settings{
				MaxAge: &config.Age{}, SharedSchemas: []string{"a", "b"}, TargetName: "prod", SchemaSuffix: "{env}_{short}",
				DBT: []string{"dbt-1.11"}, Env: []string{"TZ"}, IgnoreEnv: []string{"CI"}, Pool: "warehouse", Pools: map[string]int{"warehouse": 2},
				DBTHost: new(true), VersionCheck: new(false), Sparse: new(false), Keep: &config.Keep{Last: new(5), Days: new(30)},
			}},
		},
		{
			name: "how builds are compared",
			files: files{base: `environment:
  all:
    dot: {compare: {tolerance: 0.001, exclude: tag:big}}
  dev:
    dot:
      compare:
        key: {orders: order_id, lines: [order_id, line]}
        tolerance: {amount: 1e-9, cents: 0}
        ignore_columns: [loaded_at]
        where: region = 'eu'
        exclude:
  prod: {}
`},
			env: "dev",
			want: config.Environment{Name: "dev", Dot: config.Settings{Compare: config.Compare{
				Keys:          map[string][]string{"orders": {"order_id"}, "lines": {"order_id", "line"}},
				Tolerance:     map[string]float64{"amount": 1e-9, "cents": 0},
				IgnoreColumns: []string{"loaded_at"}, Where: "region = 'eu'",
			}}},
		},
		{
			name:  "one tolerance for all columns",
			files: files{base: "environment:\n  all: {dot: {compare: {tolerance: 1e-9}}}\n  dev: {}\n"},
			env:   "dev",
			want:  config.Environment{Name: "dev", Dot: config.Settings{Compare: config.Compare{Tolerance: map[string]float64{"": 1e-9}}}},
		},
		{
			name: "toolchain, in place of the dbt of all",
			files: files{base: `environment:
  all:
    dot: {dbt: dbt-1.11}
  dev:
    dot: {dbt: null, toolchain: ./pins//requirements.txt}
`},
			env:  "dev",
			want: config.Environment{Name: "dev", Dot: config.Settings{Toolchain: "pins/requirements.txt"}},
		},
		{
			name: "anchors, aliases and merges",
			files: files{base: `environment:
  all: &all
    threads: 2
    vars: &vars {a: 1, b: [1, 2]}
  dev:
    <<: *all
    threads: 3
    vars: {<<: [{b: 0}, *vars], c: 3}
  prod: *all
`},
			env: "dev",
			want: config.Environment{
				Name: "dev", Flags: []config.Flag{{Name: "threads", Value: int64(3), Pos: at(baseFile, 7, 5)}},
				Vars: map[string]any{"a": int64(1), "b": int64(0), "c": int64(3)},
			},
		},
		{
			name: "a merged flag in the other spelling gives way",
			files: files{base: `environment:
  prod: &prod {full_refresh: true, dot: {max_age: 1h}}
  dev: {<<: *prod, full-refresh: false}
`},
			env: "dev",
			want: config.Environment{
				Name: "dev", Flags: []config.Flag{{Name: "full-refresh", Value: false, Pos: at(baseFile, 3, 20)}},
				Dot: config.Settings{MaxAge: &config.Age{Limit: 3600e9}},
			},
		},
		{
			name: "strict and required variables that are as declared",
			files: files{
				vars: "vars:\n  rate: {values: [1, 2.5], strict: true, required: true, description: d}\n  day: {strict: true, values: [2024-01-01]}\n  flag: {strict: yes, values: [off]}\n  hex: {strict: on, values: [0x10]}\n  free: {values: [1]}\n  other:\n",
				base: "environment:\n  dev: {vars: {rate: 1.0, day: 2024-01-01, flag: no, hex: 1_6.0, free: x, undeclared: [y]}}\n",
			},
			env: "dev",
			want: config.Environment{Name: "dev", Vars: map[string]any{
				"rate": 1.0, "day": date(t, "2024-01-01"), "flag": false, "hex": 16.0, "free": "x", "undeclared": []any{"y"},
			}},
		},
		{
			name:  "the command line's variables mend the environment's",
			files: files{vars: "vars:\n  rate: {values: [1, 18446744073709551615], strict: true, required: true}\n", base: "environment:\n  dev: {vars: {rate: 3}}\n"},
			env:   "dev", vars: map[string]any{"rate": big.NewInt(0).SetUint64(math.MaxUint64)},
			want: config.Environment{Name: "dev", Vars: map[string]any{"rate": big.NewInt(0).SetUint64(math.MaxUint64)}},
		},
		{
			name:  "BOM, CRLF, comments, directive and document marks",
			files: files{base: "\ufeff%YAML 1.2\r\n--- # shared\r\nenvironment:\r\n  # one\r\n  dev:\r\n    target: a\r\n...\r\n", user: "# nothing yet\n"},
			env:   "dev",
			want:  config.Environment{Name: "dev", Flags: []config.Flag{{Name: "target", Value: "a", Pos: at(baseFile, 6, 5)}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := mustLoad(t, test.files)
			got, err := cfg.Resolve(test.env, test.vars)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, bigInts); diff != "" {
				t.Errorf("resolved (-want +got):\n%s", diff)
			}
		})
	}
}

// date returns the value of a date.
func date(t *testing.T, text string) any {
	t.Helper()
	env, err := mustLoad(t, files{base: "environment: {dev: {vars: {d: " + text + "}}}"}).Resolve("dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	return env.Vars["d"]
}

// TestScalars proves C.8: values are what dbt's own YAML makes of them.
func TestScalars(t *testing.T) {
	large, _ := new(big.Int).SetString("18446744073709551616", 10)
	for text, want := range map[string]any{
		"1": int64(1), "-1": int64(-1), "+1": int64(1), "0": int64(0), "0o17": "0o17", "017": int64(15), "08": "08", "0x1F": int64(31), "0b1": int64(1), "1_000": int64(1000), "12:30:45": int64(45045),
		"9223372036854775807": int64(9223372036854775807), "18446744073709551616": large,
		"1.0": 1.0, "1.": 1.0, ".5": 0.5, "1e5": "1e5", "1.5E-3": 0.0015, "1:30.5": 90.5, "-.inf": math.Inf(-1), "1.0e+999": math.Inf(1), "12e4567": "12e4567",
		"true": true, "False": false, "yes": true, "Off": false, "on": true, "n": "n", "~": nil, "null": nil, "": nil,
		"2024-01-01": date(t, "2024-01-01"), "2024-1-1": "2024-1-1", "1.2.3": "1.2.3",
		`"1"`: "1", `'true'`: "true", `""`: "", `"a\nb"`: "a\nb", "!!str 1": "1", "!!str yes": "yes", "a b  c": "a b  c",
		"|\n        a\n        b\n": "a\nb\n", ">-\n        a\n        b\n": "a b",
		"{2: a, true: b, 1.10: c, \"q\": d}": pyyaml.Dict{{Key: int64(2), Value: "a"}, {Key: true, Value: "b"}, {Key: 1.1, Value: "c"}, {Key: "q", Value: "d"}},
		"[]":                                 []any{}, "{}": map[string]any{},
	} {
		t.Run(text, func(t *testing.T) {
			cfg := mustLoad(t, files{base: "environment:\n  dev:\n    vars:\n      x: " + text + "\n"})
			got, err := cfg.Resolve("dev", nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"x": want}, got.Vars, bigInts); diff != "" {
				t.Errorf("vars (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolvedIsACopy(t *testing.T) {
	cfg := mustLoad(t, files{base: "environment:\n  dev: {select: [a], vars: {list: [1], map: {k: v}}}\n"})
	first, err := cfg.Resolve("dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	first.Vars["list"].([]any)[0] = "changed"
	first.Vars["map"].(map[string]any)["k"] = "changed"
	first.Flags[0].Value.([]any)[0] = "changed"
	second, err := cfg.Resolve("dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"list": []any{int64(1)}, "map": map[string]any{"k": "v"}}
	if diff := cmp.Diff(want, second.Vars); diff != "" {
		t.Errorf("vars (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"a"}, second.Flags[0].Value); diff != "" {
		t.Errorf("flag (-want +got):\n%s", diff)
	}
}

// TestImplicit proves C.3.
func TestImplicit(t *testing.T) {
	cfg := mustLoad(t, files{base: "environment:\n  all: {threads: 2, vars: {a: 1}, dot: {short: 9}}\n"})
	if got := cfg.Environments(); len(got) != 0 {
		t.Errorf("environments %q; want none", got)
	}
	for _, name := range []string{"dev", "default"} {
		got, err := cfg.Implicit(name, map[string]any{"b": 2})
		if err != nil {
			t.Fatal(err)
		}
		want := config.Environment{
			Name:  name,
			Flags: []config.Flag{{Name: "threads", Value: int64(2), Pos: at("dot_environments.yml", 2, 9)}},
			Vars:  map[string]any{"a": int64(1), "b": 2},
			Dot:   config.Settings{Short: 9},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEnvironments(t *testing.T) {
	cfg := mustLoad(t, files{base: "environment:\n  default: prod\n  all: {}\n  prod: {}\n  dev: {}\n", user: "environment:\n  mine: {}\n  dev: {}\n"})
	if diff := cmp.Diff([]string{"dev", "mine", "prod"}, cfg.Environments()); diff != "" {
		t.Errorf("environments (-want +got):\n%s", diff)
	}
}
