package dbt

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

// dotEnvPieces are put together at random to a .env.
var dotEnvPieces = []string{
	"\nA=", "\nB='", "\nB=\"", "\nA=", "\nexport B=", "'\n", "\"\n", "A", "B", "OWN", "a.b-c", "ä", "export ", "export", "export\t", "=", "=", "=", "= ", " = ", "\n", "\n", "\n", "\r\n", "\r", "'", "'", `"`, `"`,
	"#", " #", "# x", " ", "\t", "\u00a0", "\u2028", "\x1c", "\x0b", `\`, `\\`, `\n`, `\'`, `\"`, `\t`, `\q`, "x", "1", "red blue",
	"$", "${A}", "${B}", "${OWN}", "${OWN:-x}", "${NO:-def ault}", "${NO}", "${A:-}", "${A", "}", ":", ":-", "$A", "\ufeff", "é",
}

// F.2: a .env is read as by dbt 1.12, whose python-dotenv reads the same texts.
func TestDotEnvIsReadAsByDBT(t *testing.T) {
	type given struct {
		Env   map[string]string `json:"env"`
		Texts []string          `json:"texts"`
	}
	in := given{Env: map[string]string{"OWN": "mine", "EMPTY": ""}, Texts: []string{
		"", "\n", "A", "A=", "A=1\nA", "A=1\nB=${A}${OWN}\nOWN=2\nA=3\n", "A\nB=${A:-x}", "EMPTY=1\nB=[${EMPTY:-x}]", "A='1\n2'\nB=\"3\\n4\" # x\n",
		"A='1\nB=2\n", "A=1 # x\nB=1# x\nA.C=#x\nD= #x\n", "'A B'=1\n", "\ufeffA=1", "A=1\r\nB=2\rOWN=3", "export A=1\nexport\tB=2\nexport =3\nexportC=4\n",
	}}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b strings.Builder
		for range 1 + random.IntN(16) {
			b.WriteString(dotEnvPieces[random.IntN(len(dotEnvPieces))])
		}
		in.Texts = append(in.Texts, b.String())
	}
	input, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var read []map[string]string
	if err := json.Unmarshal(dbttest.PythonReading(t, input, "testdata/dotenv/read.py"), &read); err != nil {
		t.Fatal(err)
	}
	if read == nil {
		t.Skip("this Python has no python-dotenv")
	}
	set := 0
	for i, text := range in.Texts {
		if diff := cmp.Diff(read[i], ParseDotEnv("1.12.6", text, []string{"OWN=mine", "EMPTY="}).Values); diff != "" {
			t.Fatalf("%q (-dbt +dot):\n%s", text, diff)
		}
		set += len(read[i])
	}
	if set < len(in.Texts)/4 {
		t.Errorf("only %d variables were set", set)
	}
}

func TestDotEnvFile(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "shop", "models")
	if err := os.MkdirAll(filepath.Join(dir, ".env"), 0o700); err != nil { // a directory is none
		t.Fatal(err)
	}
	file := filepath.Join(root, "shop", ".env")
	if err := os.WriteFile(file, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ version, disabled, dir, want string }{
		{"1.11.16", "", dir, ""},
		{"1.12.6", "", dir, file},
		{"1.12.0b1", "0", dir, file},
		{"1.12.6", "True", dir, ""},
		{"1.12.6", "on", dir, file}, // python-dotenv doesn't know that word
		{"", "", dir, file},
		{"2.0.9", "", dir, ""},
		{"2.0.9", "1", filepath.Dir(dir), file}, // dbt 2 has no python-dotenv
	} {
		if got := DotEnvFile(tt.version, tt.disabled, tt.dir); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}
