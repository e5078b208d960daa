package pipeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"
	"go.yaml.in/yaml/v4"

	"dot-for-dbt/pipeline"
)

// hostile are words with what a shell, YAML, Python and the engines give a meaning.
var hostile = []string{
	`it's`, `a "b"`, `$HOME`, "`id`", `{{ x }}`, `{{{x}}}`, `{% raw %}`, `{# x #}`, `${{ github.token }}`, `{a: 1}`, `\n`, "two\nlines", "\t", "", "ä ☃ \u202e",
	`%(x)s`, `!tag`, `*`, `#`, `- x`, `&& exit 1`, `"""`, `'''`, `$$`, `&a`, "\u2028", "~",
}

// formats are all formats.
var formats = map[string]func(io.Writer, pipeline.Pipeline) error{
	"github": pipeline.GitHubMatrix, "gitlab": pipeline.GitLab, "airflow": pipeline.Airflow, "argo": pipeline.Argo,
}

// example is a pipeline with hostile words and pools.
func example() pipeline.Pipeline {
	return pipeline.Pipeline{
		Script: []string{
			pipeline.Quote("cd", "the shop's"),
			"dot build " + pipeline.Spec + " " + pipeline.Quote("--defer=prod@7233c9a2ee0f0acebf79a17c3907dfda5032aec3", "--modified", `--vars={a: "it's {{ b }} $c"}`),
		},
		First: []pipeline.Job{{Name: "prod@7233c9a", Spec: "prod@7233c9a2ee0f0acebf79a17c3907dfda5032aec3", Pool: "the \"big\" {{ one }} $HOME's"}},
		Then: []pipeline.Job{
			{Name: "dev@24256d1", Spec: "dev@24256d16aef8c2073554a683f485c450fedd824e", Pool: "warehouse"},
			{Name: "ci@24256d1", Spec: "ci@24256d16aef8c2073554a683f485c450fedd824e"},
			{Name: "dev@d45b986", Spec: "dev@d45b9869c2df1e59d576f6fb6ecdf0d5207aa34d", Pool: "warehouse"},
			{Name: "dev@1e6d0f2", Spec: "dev@1e6d0f2ab2df1e59d576f6fb6ecdf0d5207aa34d", Pool: "warehouse"},
		},
		Pools: map[string]int{"warehouse": 2, "the \"big\" {{ one }} $HOME's": 1},
	}
}

// many is a pipeline of n jobs after a baseline, in a pool of that size.
func many(n, size int) pipeline.Pipeline {
	p := pipeline.Pipeline{
		Script: []string{"dot build " + pipeline.Spec + " --defer=prod@7233c9a2ee0f0acebf79a17c3907dfda5032aec3 --modified", "dot push " + pipeline.Spec},
		First:  []pipeline.Job{{Name: "prod@7233c9a", Spec: "prod@7233c9a2ee0f0acebf79a17c3907dfda5032aec3"}},
		Pools:  map[string]int{},
	}
	for i := range n {
		job := pipeline.Job{Name: fmt.Sprintf("dev@%07x", i), Spec: fmt.Sprintf("dev@%07x%033d", i, 0)}
		if size > 0 {
			job.Pool, p.Pools["warehouse"] = "warehouse", size
		}
		p.Then = append(p.Then, job)
	}
	return p
}

func rendered(t testing.TB, format string, p pipeline.Pipeline) string {
	t.Helper()
	var out bytes.Buffer
	if err := formats[format](&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	g := goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithNameSuffix(".golden"), goldie.WithDiffEngine(goldie.ClassicDiff))
	for format := range formats {
		t.Run(format, func(t *testing.T) { g.Assert(t, format, []byte(rendered(t, format, example()))) })
	}
}

// TestQuote proves that a shell reads the same words, and that no engine's mark is left.
func TestQuote(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	command := pipeline.Quote(hostile...)
	out, err := exec.Command(shell, "-c", `printf '%s\0' `+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hostile, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")); diff != "" {
		t.Error(diff)
	}
	for _, mark := range []string{"{{", "{%", "{#"} {
		if strings.Contains(command, mark) {
			t.Errorf("%s is left in %s", mark, command)
		}
	}
}

// TestHostileScript proves that what each engine reads is the script itself.
func TestHostileScript(t *testing.T) {
	p := example()
	p.Script = []string{"dot build " + pipeline.Spec + " " + pipeline.Quote(hostile...), "dot push " + pipeline.Spec}
	want := strings.Join(p.Script, " && ")
	t.Run("github", func(t *testing.T) {
		var got struct{ Script string }
		if err := json.Unmarshal([]byte(rendered(t, "github", p)), &got); err != nil || got.Script != want {
			t.Errorf("%v: %s", err, got.Script)
		}
	})
	t.Run("gitlab", func(t *testing.T) {
		var got map[string]any
		if err := yaml.Unmarshal([]byte(rendered(t, "gitlab", p)), &got); err != nil {
			t.Fatal(err)
		}
		script := got[".dot"].(map[string]any)["script"].([]any)
		if len(script) != 2 || script[0] != p.Script[0] || script[1] != p.Script[1] {
			t.Errorf("read %q", script)
		}
	})
	t.Run("argo", func(t *testing.T) {
		var got struct {
			Spec struct {
				Arguments struct {
					Parameters []struct{ Name, Value string }
				}
			}
		}
		if err := yaml.Unmarshal([]byte(rendered(t, "argo", p)), &got); err != nil {
			t.Fatal(err)
		}
		if found := got.Spec.Arguments.Parameters; len(found) != 1 || found[0].Value != want {
			t.Errorf("read %q", found)
		}
	})
}

// matrix is what a workflow of GitHub reads.
type matrix struct {
	Script      string
	First, Then struct {
		Parallel int
		Shards   []struct {
			Name     string
			Parallel int
			Specs    []string
		}
	}
}

// TestShards proves that no matrix has more than 256 jobs, each job is in one, and a pool's limit holds.
func TestShards(t *testing.T) {
	for _, tt := range []struct{ jobs, size, shards, shardsAtOnce, jobsAtOnce int }{
		{0, 0, 0, 1, 0},
		{1, 0, 1, 1, 1},
		{256, 0, 1, 1, 256},
		{257, 0, 2, 2, 256},
		{256, 3, 1, 1, 3},
		{1000, 3, 4, 1, 3},
		{65536, 0, 256, 256, 256},
	} {
		t.Run(fmt.Sprintf("%d jobs in a pool of %d", tt.jobs, tt.size), func(t *testing.T) {
			var got matrix
			if err := json.Unmarshal([]byte(rendered(t, "github", many(tt.jobs, tt.size))), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Then.Shards) != tt.shards || got.Then.Parallel != tt.shardsAtOnce {
				t.Errorf("%d shards, %d at once", len(got.Then.Shards), got.Then.Parallel)
			}
			seen := map[string]bool{}
			for _, s := range got.Then.Shards {
				if len(s.Specs) > 256 || s.Parallel > tt.jobsAtOnce {
					t.Errorf("%s: %d jobs, %d at once", s.Name, len(s.Specs), s.Parallel)
				}
				for _, spec := range s.Specs {
					seen[spec] = true
				}
			}
			if len(seen) != tt.jobs {
				t.Errorf("%d jobs are in the shards", len(seen))
			}
		})
	}
	err := pipeline.GitHubMatrix(io.Discard, many(65537, 0))
	if err == nil || err.Error() != "65537 jobs are 257 shards of at most 256, and GitHub takes 256 shards" {
		t.Error(err)
	}
}

// TestResourceGroups proves that GitLab runs no more jobs of a pool at once than it has places.
func TestResourceGroups(t *testing.T) {
	var got map[string]struct {
		Group string `yaml:"resource_group"`
	}
	text := rendered(t, "gitlab", example())
	if err := yaml.Unmarshal([]byte(strings.Replace(text, "stages: [first, then]", "", 1)), &got); err != nil {
		t.Fatal(err)
	}
	var groups []string
	for _, name := range []string{"dev@24256d1", "dev@d45b986", "dev@1e6d0f2", "ci@24256d1"} {
		groups = append(groups, got[name].Group)
	}
	if want := []string{"warehouse-1", "warehouse-2", "warehouse-1", ""}; !slices.Equal(groups, want) {
		t.Errorf("the groups are %q", groups)
	}
	if name := got["prod@7233c9a"].Group; name == "" || strings.ContainsAny(name, ` "'{}$`) {
		t.Errorf("the group is %q", name)
	}
}

// BenchmarkFormats renders 100,000 jobs; GitHub takes no more than 65,536.
func BenchmarkFormats(b *testing.B) {
	for format, jobs := range map[string]int{"github": 65536, "gitlab": 100_000, "airflow": 100_000, "argo": 100_000} {
		p := many(jobs, 20)
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = len(rendered(b, format, p))
			}
			b.ReportMetric(float64(size)/1e6, "MB")
		})
	}
}
