package text

import "testing"

// TestShellQuote proves G.2.
func TestShellQuote(t *testing.T) {
	got := ShellQuote([]string{"dbt", "build", "--vars", `{"a":"it's"}`, "-s", "tag:x,+y", "", "ä b"})
	want := `dbt build --vars '{"a":"it'"'"'s"}' -s tag:x,+y '' 'ä b'`
	if got != want {
		t.Errorf("quoted %s, want %s", got, want)
	}
}

func TestTextAsJSON(t *testing.T) {
	for s, want := range map[string]string{"": `""`, `a "b" \ c`: `"a \"b\" \\ c"`, "<a & b>\n": `"<a & b>\n"`, "é": `"é"`} {
		if got := JSON(s); got != want {
			t.Errorf("JSON(%q) = %s, want %s", s, got, want)
		}
	}
}
