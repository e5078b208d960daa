package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What a host makes while it is idle is there in dbt, and nothing of it is a value, which may keep
// something of the host's environment.
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
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.contracts.graph.manifest import Manifest
from dbt_common.dataclass_schema import dbtClassMixin
from mashumaro.core.meta.code.builder import CodeBuilder

for act, args in host.preparations("duckdb"):
    try:
        act(*args)
    except Exception as e:
        print(act.__name__, args, repr(e))

import dbt_common.events.functions
if dbt_common.events.functions.metadata_vars is not None:
    print("the environment's metadata is kept")

def late(self):
    print("made when it is needed:", self.cls)
CodeBuilder.add_unpack_method = CodeBuilder.add_pack_method = late
for read in [lambda: Manifest.from_msgpack(b"", decoder=lambda data: None), lambda: WritableManifest.from_dict(None)]:
    try:
        read()
    except (AttributeError, ValueError):
        pass  # nothing has no fields
`
	out, err := exec.Command(filepath.Join(venv, "bin", "python"), "-c", program, "host.py", filepath.Join(venv, "bin", "dbt")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
