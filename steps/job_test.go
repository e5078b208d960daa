package steps

import (
	"strings"
	"testing"

	"dot-for-dbt/internal/dbt"
)

// slotOf returns the slot of a dbt command line.
func slotOf(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	command, ok := dbt.LookupCommand(words[0])
	if !ok {
		t.Fatalf("dbt has no command %q", words[0])
	}
	args, err := dbt.ReadArgs(command, words[1:], dbt.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return slot(command, arguments{Args: args})
}

func TestSlot(t *testing.T) {
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"another spelling", "build -s orders", "build --select orders", true},
		{"another spelling with =", "build --select=orders", "build --select orders", true},
		{"another order of options", "build -s a --exclude b", "build --exclude b -s a", true},
		{"other vars", `build --vars {"a":1}`, `build --vars {"a":2}`, true}, // changes the key, not the slot
		{"another target", "build --target a", "build", true},
		{"another command", "build -s a", "run -s a", false},
		{"another selection", "build -s a", "build -s b", false},
		{"no selection", "build -s a", "build", false},
		{"an exclusion of the same", "build -s a", "build --exclude a", false},
		{"another positional word", "run-operation grant", "run-operation revoke", false},
		{"an unknown option", "build --wat a", "build --wat b", false},
		{"another order of what is unknown", "build --wat a --wot b", "build --wot b --wat a", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := slotOf(t, test.a), slotOf(t, test.b)
			if same := a == b; same != test.same {
				t.Errorf("%q is %s, %q is %s", test.a, a, test.b, b)
			}
		})
	}
}

// A slot is the name of a file.
func TestSlotIsAName(t *testing.T) {
	for line, want := range map[string]string{"build": "build", "docs generate": "docs-generate"} {
		command, _ := dbt.LookupCommand(line)
		if got := slot(command, arguments{}); got != want {
			t.Errorf("slot of %s is %q, want %q", line, got, want)
		}
	}
	if got := slotOf(t, "build -s ../../x+ path:models/*"); strings.ContainsAny(got, `/\.*:+ `) {
		t.Errorf("slot is %q", got)
	}
}
