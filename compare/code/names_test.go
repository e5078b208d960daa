package code

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Names are replaced where they are names in every dialect, and nowhere else.
func TestTakeOut(t *testing.T) {
	const quoted, plainName, ticks = `"db"."dev_1"."t"`, `db.dev_1.t`, "`db`.`dev_1`.`t`"
	names := []name{{text: quoted, mark: mark("t")}, {text: plainName, mark: mark("t")}, {text: ticks, mark: mark("t")}}
	tests := []struct{ sql, want string }{
		{`from <q>`, `from <t>`},
		{`from <q>, <q>`, `from <t>, <t>`},
		{`from (<q>) x join <p>`, `from (<t>) x join <t>`},
		{"from\n<p>\n", "from\n<t>\n"},
		{`(select * from <b> limit 0)`, `(select * from <t> limit 0)`},
		{`<q> <p> <b>`, `<t> <t> <t>`},
		{`from <q> -- and <q>, it's <q>
where x = '<q>'`, `from <t> -- and <t>, it's <t>
where x = '<q>'`},
		{`/* it's <q> */ from <q>`, `/* it's <t> */ from <t>`},

		// Strings.
		{`'<q>' <q>`, `'<q>' <t>`},
		{`'<p>' <p>`, `'<p>' <t>`},
		{`'it''s <q>' <q>`, `'it''s <q>' <t>`},
		{`'-- <q>' <q>`, `'-- <q>' <t>`},
		{`'/*' <q> '*/'`, `'/*' <t> '*/'`},
		{`"<b>" <b>`, `"<b>" <t>`},
		{`"it's" <q> 'x'`, `"it's" <t> 'x'`},
		{`"<p>"`, `"<p>"`},

		// Parts of other names.
		{`<q>."c"`, `<q>."c"`},
		{`<p>.c <p> . c`, `<p>.c <p> . c`},
		{`other.<p> "other".<q> x . <p>`, `other.<p> "other".<q> x . <p>`},
		{`my<p> <p>2 my_<p> <p>_ é<p> <p>é $<p> <p>$`, `my<p> <p>2 my_<p> <p>_ é<p> <p>é $<p> <p>$`},
		{`<q>"x"`, `<q>"x"`},

		// Where dialects disagree, the rest stays unchanged.
		{`<q> 'c:\' <q>`, `<t> 'c:\' <q>`},
		{`<q> 'it\'s' <q>`, `<t> 'it\'s' <q>`},
		{`<q> "\" <b> "`, `<t> "\" <b> "`},
		{`<q> '''x''' <q>`, `<t> '''x''' <q>`},
		{`<q> $$ <q> $$`, `<t> $$ <q> $$`},
		{`<q> $a$ ' $a$ <q>`, `<t> $a$ ' $a$ <q>`},
		{`<q> $1 <q>`, `<t> $1 <t>`},
		{`<q> # it's
<q>`, `<t> # it's
<q>`},
		{`<q> #>> <q>`, `<t> #>> <q>`}, // a quote follows
		{`<p> #>> <p>`, `<t> #>> <t>`},
		{`<q> // it's
<q>`, `<t> // it's
<q>`},
		{`<q> /* /* */ ' */ <q>`, `<t> /* /* */ ' */ <q>`},
		{`<q> /* /* */ ' */ ' <q> '`, `<t> /* /* */ ' */ ' <q> '`},
		{"<q> // it's\n ' <q> '", "<t> // it's\n ' <q> '"},
		{"<q> # it's\n ' <q> '", "<t> # it's\n ' <q> '"},
		{"<q> [it's] ' <q> '", "<t> [it's] ' <q> '"},
		{`<q> '\' ' <q> '`, `<t> '\' ' <q> '`},
		{`<q> /* <q>`, `<t> /* <q>`},
		{`<q> 'x <q>`, `<t> 'x <q>`},
		{`<q> [it's] <q>`, `<t> [it's] <q>`},
		{`<q> ['its'] <q>`, `<t> ['its'] <t>`},
		{"<q> -- it\rselect '<q>' <q>", "<t> -- it\rselect '<q>' <q>"},
		{"<q> -- it\r\nselect '<q>' <q>", "<t> -- it\r\nselect '<q>' <t>"},
		{"<q> \x00t\x00", "<q> \x00t\x00"},
	}
	write := strings.NewReplacer("<q>", quoted, "<p>", plainName, "<b>", ticks, "<t>", mark("t"))
	for _, tt := range tests {
		got, found := takeOut(write.Replace(tt.sql), names)
		if want := write.Replace(tt.want); got != want {
			t.Errorf("%s\nbecame %q\nwant   %q", tt.sql, got, want)
		}
		if (len(found) > 0) != strings.Contains(tt.want, "<t>") {
			t.Errorf("%s: %d names found", tt.sql, len(found))
		}
	}
}

// The longest name wins.
func TestTakeOutLongest(t *testing.T) {
	names := []name{{text: "a b", mark: mark("short")}, {text: "a b c", mark: mark("long")}}
	if got, _ := takeOut("x a b c a b", names); got != "x "+mark("long")+" "+mark("short") {
		t.Errorf("became %q", got)
	}
}

// A name that would end a comment is not replaced.
func TestTakeOutOddNames(t *testing.T) {
	names := []name{{text: `"a*/b"`, mark: mark("x")}, {text: "\"a\nb\"", mark: mark("x")}, {mark: mark("x")}}
	for _, sql := range []string{`/* "a*/b" */ 'c'`, "-- \"a\nb\"", "select 1"} {
		if got, found := takeOut(sql, names); got != sql || found != nil {
			t.Errorf("%q became %q", sql, got)
		}
	}
}

// restore replaces marks with their names.
func restore(sql string, names []name) string {
	for _, n := range names {
		sql = strings.ReplaceAll(sql, n.mark, n.text)
	}
	return sql
}

// pieces has the parts that random SQL is made from, with those that dialects disagree
// on.
var pieces = []string{
	"select", " ", " ", "\n", ",", "(", ")", "'", "''", `"`, "`", "--", "/*", "*/", "#", "$$", "$a$", `\`, "[", "]", ".", "x", "é", "1",
	"<a>", "<a>", "<b>", "<A>", "//", "\r", "'''", "it's", "{{", "}}",
}

// Whatever the SQL is, nothing is lost. If takeOut returns the same for two sides, their
// SQL differs only in names: A's SQL with B's names is B's SQL.
func TestTakeOutLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sql := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "sql"), "")
		other := sql
		if rapid.Bool().Draw(t, "another") {
			other = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5).Draw(t, "other"), "")
		}
		namesA := []name{{text: `"db"."prod_1"."a"`, mark: mark("a")}, {text: `"db"."prod_1"."b"`, mark: mark("b")}, {text: `db.prod_1.a`, mark: mark("A")}}
		namesB := []name{{text: `"db"."dev_2"."a"`, mark: mark("a")}, {text: `"db"."dev_2"."b"`, mark: mark("b")}, {text: `db.dev_2.a`, mark: mark("A")}}
		fill := func(sql string, names []name) string {
			return strings.NewReplacer("<a>", names[0].text, "<b>", names[1].text, "<A>", names[2].text).Replace(sql)
		}
		textA, textB := fill(sql, namesA), fill(other, namesB)
		outA, _ := takeOut(textA, namesA)
		outB, _ := takeOut(textB, namesB)
		if back := restore(outA, namesA); back != textA {
			t.Fatalf("%q became %q, and back %q", textA, outA, back)
		}
		if outA == outB && restore(outA, namesB) != textB {
			t.Fatalf("%q and %q became the same", textA, textB)
		}
	})
}

func FuzzTakeOut(f *testing.F) {
	const text = `"db"."dev_1"."t"`
	names := []name{{text: text, mark: mark("t")}}
	for _, sql := range []string{"", "from " + text, "'" + text + "'", "-- " + text + "\n" + text, "$$" + text, "/*" + text + "*/", `'\'` + text, "é" + text} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		out, found := takeOut(sql, names)
		if strings.ContainsRune(sql, 0) {
			if out != sql {
				t.Fatalf("%q has a NUL, and became %q", sql, out)
			}
			return
		}
		if back := restore(out, names); back != sql {
			t.Fatalf("%q became %q, and back %q", sql, out, back)
		}
		if (len(found) > 0) != (out != sql) {
			t.Fatalf("%q became %q with %d names found", sql, out, len(found))
		}
	})
}
