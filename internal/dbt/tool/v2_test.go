package tool

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestAdapterWarning(t *testing.T) {
	for _, tt := range []struct {
		name, version, adapter, allowed string
		want                            bool
	}{
		{"built in", "2.0.1", "duckdb", "", false},
		{"experimental", "2.0.1", "postgres", "", true},
		{"experimental, a beta", "2.0.0-beta.2", "postgres", "", true},
		{"experimental, allowed", "2.0.1", "postgres", "true", false},
		{"experimental, not allowed", "2.0.1", "postgres", "false", true},
		{"dbt 1", "1.11.16", "postgres", "", false},
		{"not known", "", "postgres", "", false},
	} {
		env := func(name string) (string, bool) { return tt.allowed, name == experimentalAdapters && tt.allowed != "" }
		got := Release{Version: tt.version}.AdapterWarning(tt.adapter, env)
		if tt.want != strings.Contains(got, experimentalAdapters+"=true") {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestCanRead(t *testing.T) {
	for _, tt := range []struct {
		version, manifest string
		want              bool
	}{
		{"1.11.16", "1.5.0", true},
		{"2.0.1", "1.5.11", false},
		{"2.0.1", "1.8.0", true},
		{"2.0.1", "2.0.0", true},
		{"2.0.1", "", true},
		{"", "1.5.0", true},
	} {
		err := Release{Version: tt.version}.CanRead(tt.manifest)
		if (err == nil) != tt.want {
			t.Errorf("dbt %q, manifest of %q: %v", tt.version, tt.manifest, err)
		}
	}
}

// TestDriver looks for drivers where dbt 2 does: on the library path, and in its cache.
func TestDriver(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("where dbt 2 looks for drivers is only known for Linux")
	}
	dir := t.TempDir()
	library := filepath.Join(dir, "lib", "libduckdb.so")
	driver := filepath.Join(dir, "cache", "com.getdbt", "adbc", "x86_64", "libadbc_driver_postgresql-0.21.0+dbt0.21.0.so")
	for _, name := range []string{library, driver} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cache := filepath.Join(dir, "cache", "com.getdbt", "adbc")
	for _, tt := range []struct {
		version, adapter, libraries string
		path                        string
		dirs                        []string
		noCache                     bool // XDG_CACHE_HOME is not set
	}{
		{"2.0.0-alpha.4", "duckdb", filepath.Dir(library), library, []string{filepath.Dir(library), cache}, false},
		{"2.0.0-alpha.4", "duckdb", "", "", []string{cache}, false},
		{"2.0.0-alpha.4", "postgres", "", driver, []string{cache}, false},
		{"2.0.0-alpha.4", "postgres", "", "", []string{filepath.Join(dir, "home", ".cache", "com.getdbt", "adbc")}, true},
		{"1.11.16", "postgres", "", "", nil, false},
	} {
		env := func(name string) (string, bool) {
			value := map[string]string{"LD_LIBRARY_PATH": tt.libraries, "XDG_CACHE_HOME": filepath.Join(dir, "cache")}[name]
			if name == "XDG_CACHE_HOME" && tt.noCache {
				value = ""
			}
			return value, value != ""
		}
		path, dirs := Release{Version: tt.version}.Driver(tt.adapter, filepath.Join(dir, "home"), env)
		if path != tt.path || !slices.Equal(dirs, tt.dirs) {
			t.Errorf("%s of dbt %s: %q in %q", tt.adapter, tt.version, path, dirs)
		}
	}
}

func TestUntried(t *testing.T) {
	for version, want := range map[string]string{"1.11.16": "", "": "", "2.0.0-alpha.4": "", "3.1.0": "not tried: dot takes it for 2.0.0-alpha.4"} {
		if got := (Release{Version: version}).Untried(); got != want {
			t.Errorf("dbt %q: %q, want %q", version, got, want)
		}
	}
}
