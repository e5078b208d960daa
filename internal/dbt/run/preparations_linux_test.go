package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What a host makes while it is idle is there in dbt, and nothing of it is a value, which may keep
// something of the host's environment. dbt finds the macros that a host has compiled: it looks for them
// by their text.
func TestPreparations(t *testing.T) {
	venv := os.Getenv("DOT_TEST_VENV")
	if venv == "" {
		t.Skip("DOT_TEST_VENV names no virtual environment with dbt")
	}
	const program = `
import dataclasses, importlib, sys, types
host = types.ModuleType("host")
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), host.__dict__)
host.import_quietly(sys.argv[2], "duckdb")
importlib.import_module("dbt.adapters.postgres")
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.contracts.graph.manifest import Manifest
from dbt_common.dataclass_schema import dbtClassMixin
from mashumaro.core.meta.code.builder import CodeBuilder

from dbt_common.clients.jinja import extract_toplevel_blocks, template_cache
texts, names, others = {}, set(), set()
for adapter in ("postgres", "duckdb"):
    for act, args in host.preparations(adapter):
        if adapter == "postgres" and act is not host.compile_macros:
            continue
        try:
            act(*args)
        except Exception as e:
            print(act.__name__, args, repr(e))
    texts[adapter] = set(template_cache.file_cache)
for text in texts["duckdb"]:
    for block in extract_toplevel_blocks(text, {"macro", "materialization", "test", "data_test"}):
        (names if block.block_type_name == "macro" else others).add(block.block_name.split("__")[-1])
if host.MACROS - names or host.OTHER_MACROS - others:
    print("there are no such macros:", host.MACROS - names, host.OTHER_MACROS - others)

import dbt_common.events.functions
if dbt_common.events.functions.metadata_vars is not None:
    print("the environment's metadata is kept")

def late(self):
    print("made when it is needed:", self.cls)
made = CodeBuilder.add_unpack_method, CodeBuilder.add_pack_method
CodeBuilder.add_unpack_method = CodeBuilder.add_pack_method = late
for read in [lambda: Manifest.from_msgpack(b"", decoder=lambda data: None), lambda: WritableManifest.from_dict(None)]:
    try:
        read()
    except (AttributeError, ValueError):
        pass  # nothing has no fields

CodeBuilder.add_unpack_method, CodeBuilder.add_pack_method = made
from dbt.cli.main import dbtRunner
parsed = dbtRunner().invoke(["--quiet", "parse", "--project-dir", sys.argv[3], "--profiles-dir", sys.argv[3]])
unknown = texts["postgres"] - {macro.macro_sql for macro in parsed.result.macros.values()}
if unknown:
    print("dbt has no macros of these texts:", *unknown, sep="\n")
`
	project := t.TempDir()
	for name, text := range map[string]string{
		"dbt_project.yml": "name: p\nprofile: p\n",
		"profiles.yml":    "p: {outputs: {dev: {type: postgres, host: h, port: 1, user: u, password: '', dbname: d, schema: s}}, target: dev}\n",
	} {
		if err := os.WriteFile(filepath.Join(project, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(filepath.Join(venv, "bin", "python"), "-c", program, "host.py", filepath.Join(venv, "bin", "dbt"), project).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
