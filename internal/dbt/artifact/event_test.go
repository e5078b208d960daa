package artifact

import "testing"

func TestEventWarning(t *testing.T) {
	for _, tt := range []struct {
		event Event
		want  string
	}{
		{Event{Level: LevelWarn, Message: "[WARNING]: Did not find a node"}, "Did not find a node"},
		{Event{Level: LevelWarn, Message: "[WARNING][AnyDeprecation]: Deprecated\nfunctionality\n"}, "[AnyDeprecation]: Deprecated\nfunctionality"},
		{Event{Level: LevelWarn, Message: "A loaded_at_field must be specified"}, "A loaded_at_field must be specified"},
		{Event{Level: LevelWarn, Message: "[\x1b[33mWARNING\x1b[0m]: Did not \x1b[1mfind\x1b[0m it"}, "Did not \x1b[1mfind\x1b[0m it"},
		{Event{Level: LevelWarn, Message: "[\x1b[33mWARNING\x1b[0m][AnyDeprecation]: Deprecated"}, "[AnyDeprecation]: Deprecated"},
		{Event{Level: LevelInfo, Message: "[WARNING]: of a hook's own"}, ""},
	} {
		if got, ok := tt.event.Warning(); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q", tt.event.Message, got, ok, tt.want)
		}
	}
}
