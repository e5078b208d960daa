package code

import (
	"slices"
	"testing"
)

// TestFileSet finds changed files in code that reads them.
func TestFileSet(t *testing.T) {
	s := newFileSet([]string{"data/x.csv", "data/2024/y.parquet", "vendor/lib", "../lib/z.csv", ".gitignore"})
	for text, want := range map[string][]string{
		`select * from read_csv('data/x.csv')`:                {"file data/x.csv"},
		`-- don't stop` + "\n" + `read_csv('./data/x.csv')`:   {"file data/x.csv"},
		`open("../lib/z.csv")`:                                {"file ../lib/z.csv"},
		`read_parquet('data/*/*.parquet')`:                    {"file data/2024/y.parquet"},
		`read_parquet('data/**/y.parquet')`:                   {"file data/2024/y.parquet"},
		`open(f"data/{year}/y.parquet")`:                      {"file data/2024/y.parquet"},
		`os.listdir("data/2024/")`:                            {"file data/2024/y.parquet"},
		`read_csv('vendor/lib/a.csv')`:                        {"file vendor/lib/a.csv"},
		`read_csv('data/other.csv')`:                          nil,
		`read_csv('/data/x.csv')`:                             nil,
		`select 'data' as kind, 'x.csv' as name, '.*' as any`: nil,
	} {
		if got := s.in(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestWordsIn finds words in Jinja only, also behind a }} that is part of a literal.
func TestWordsIn(t *testing.T) {
	found := wordsIn("select plain {{ f({'a': {'b': 1}}, value) }}, other {% if context['named'] %} text {% endif %} rest")
	for word, want := range map[string]bool{"f": true, "value": true, "named": true, "plain": false, "rest": false} {
		if found[word] != want {
			t.Errorf("%s: got %v, want %v", word, found[word], want)
		}
	}
}
