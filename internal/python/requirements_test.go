package python

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files are the files of a repository.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("there is no %s: %w", name, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func TestReadRequirementsIncludes(t *testing.T) {
	for _, c := range []struct {
		name  string
		start string
		files files
		want  string
	}{
		{"alone", "r.txt", files{"r.txt": "dbt-core\n"}, "r.txt"},
		{"short options", "r.txt", files{"r.txt": "-r a.txt\n-ca.lock\n", "a.txt": "", "a.lock": ""}, "r.txt a.txt a.lock"},
		{"long options", "r.txt", files{"r.txt": "--requirement=a.txt\n--constraint b.txt", "a.txt": "", "b.txt": ""}, "r.txt a.txt b.txt"},
		{"relative to the file that names them", "pins/r.txt", files{"pins/r.txt": "-r more/a.txt", "pins/more/a.txt": "-c ../../b.txt", "b.txt": ""}, "pins/r.txt pins/more/a.txt b.txt"},
		{"in a circle", "r.txt", files{"r.txt": "-r a.txt", "a.txt": "-r ./r.txt"}, "r.txt a.txt"},
		{"in quotes", "r.txt", files{"r.txt": `-r "my pins.txt"`, "my pins.txt": ""}, "r.txt my pins.txt"},
		{"in a comment", "r.txt", files{"r.txt": "# -r a.txt\ndbt-core # -r b.txt\n"}, "r.txt"},
		{"on a continued line", "r.txt", files{"r.txt": "-r \\\na.txt\n", "a.txt": ""}, "r.txt a.txt"},
		{"of Windows", "r.txt", files{"r.txt": "\ufeff-r a.txt\r\n-c b.txt\r\n", "a.txt": "", "b.txt": ""}, "r.txt a.txt b.txt"},
		{"a URL is pip's to fetch", "r.txt", files{"r.txt": "-r https://example.com/r.txt\n-e git+https://example.com/x.git\n-f https://example.com/wheels\n"}, "r.txt"},
		{"an option that dot does not know", "r.txt", files{"r.txt": "--pre\n--index-url https://example.com\n-i=x\n"}, "r.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ReadRequirements(c.start, c.files.read)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range r.Files {
				names = append(names, f.Name)
				if string(f.Data) != c.files[f.Name] {
					t.Errorf("%s holds %q, want %q", f.Name, f.Data, c.files[f.Name])
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(names, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRequirementsErrors(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"missing", "", "there is no r.txt: file does not exist"},
		{"included and missing", "\n-r a.txt", "r.txt:2 includes a.txt: there is no a.txt: file does not exist"},
		{"outside", "-r ../a.txt", "r.txt:1 includes ../a.txt, which is outside of the repository"},
		{"absolute", "-c /etc/pins.txt", "r.txt:1: /etc/pins.txt is a path: only packages of an index, or of a URL, can be installed from a commit's requirements"},
		{"editable", "dbt-core\n-e .", "r.txt:2: -e . is a path: only packages of an index, or of a URL, can be installed from a commit's requirements"},
		{"a directory", "./packages/money", "r.txt:1: ./packages/money is a path: only packages of an index, or of a URL, can be installed from a commit's requirements"},
		{"wheels beside it", "--find-links wheels", "r.txt:1: --find-links wheels is a path: only packages of an index, or of a URL, can be installed from a commit's requirements"},
		{"not text", "dbt-core\xff", "r.txt is not UTF-8 text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			repo := files{"r.txt": c.text}
			if c.text == "" {
				repo = files{}
			}
			_, err := ReadRequirements("r.txt", repo.read)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if missing := strings.Contains(c.name, "missing"); errors.Is(err, fs.ErrNotExist) != missing {
				t.Errorf("wraps fs.ErrNotExist: %t, want %t", !missing, missing)
			}
		})
	}
}

func TestPin(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"pinned", "dbt-core==1.9.10\ndbt-duckdb==1.9.6\n", "1.9.10"},
		{"spelled otherwise", "DBT_Core == 1.9.10", "1.9.10"},
		{"with extras", "dbt-core[postgres]==1.9.10", "1.9.10"},
		{"with hashes", "dbt-core==1.9.10 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n", "1.9.10"},
		{"with a comment", "dbt-core==1.10.0rc1 # until it is out", "1.10.0rc1"},
		{"by a constraint", "dbt-core\n-c lock.txt", "1.9.4"},
		{"twice, the same", "dbt-core==1.9.4\n-c lock.txt", "1.9.4"},
		{"twice, and not the same", "dbt-core==1.9.10\n-c lock.txt", ""},
		{"not pinned", "dbt-core>=1.9\n", ""},
		{"any of a minor version", "dbt-core==1.9.*\n", ""},
		{"two conditions", "dbt-core==1.9.10,!=1.9.9", ""},
		{"under a condition", "dbt-core==1.9.10 ; python_version < '3.12'\n", ""},
		{"another distribution", "dbt-core-extras==1.9.10\ndbt==2.0.0\n", ""},
		{"commented out", "#dbt-core==1.9.10", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ReadRequirements("r.txt", files{"r.txt": c.text, "lock.txt": "dbt-core==1.9.4"}.read)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Pin("dbt-core"); got != c.want {
				t.Errorf("pinned to %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzReadRequirements: no file outside of the repository is read, and no file twice.
func FuzzReadRequirements(f *testing.F) {
	f.Add("-r a.txt\ndbt-core==1.9.10 # pinned\n")
	f.Add("-c ../x\\\n\\")
	f.Add("--requirement=\"a b.txt\" -e git+https://example.com")
	f.Fuzz(func(t *testing.T, text string) {
		read := map[string]bool{}
		_, err := ReadRequirements("pins/r.txt", func(name string) ([]byte, error) {
			if !fs.ValidPath(name) || read[name] {
				t.Fatalf("%q is read", name)
			}
			read[name] = true
			if len(read) > 1 {
				return []byte("-r ../pins/r.txt"), nil
			}
			return []byte(text), nil
		})
		if err == nil && !read["pins/r.txt"] {
			t.Error("nothing was read")
		}
	})
}
