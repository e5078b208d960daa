package code

import (
	"slices"
	"testing"
)

// TestFileSet finds changed files in code that reads them.
func TestFileSet(t *testing.T) {
	s := newFileSet([]string{
		"data/x.csv", "data/2024/y.parquet", "../lib/z.csv", ".gitignore", "data/it's.csv", `data/so "it" is.csv`, "données/été n° 1 (alt).csv",
		`back\slash.csv`, "rates", "o'brien/1.csv", "数据/表",
	}, []string{"vendor/lib"})
	for text, want := range map[string][]string{
		`select * from read_csv('data/x.csv')`:                                {"file data/x.csv"},
		`-- don't stop` + "\n" + `read_csv('./data/x.csv')`:                   {"file data/x.csv"},
		`open("../lib/z.csv")`:                                                {"file ../lib/z.csv"},
		`read_parquet('data/*/*.parquet')`:                                    {"file data/2024/y.parquet"},
		`read_parquet('data/**/y.parquet')`:                                   {"file data/2024/y.parquet"},
		`open(f"data/{year}/y.parquet")`:                                      {"file data/2024/y.parquet"},
		`os.listdir("data/2024/")`:                                            {"file data/2024/y.parquet"},
		`read_csv('vendor/lib/a.csv')`:                                        {"file vendor/lib/a.csv"},
		`read_csv('vendor/lib/*/b.csv')`:                                      {"file vendor/lib/*/b.csv"},
		`read_csv('vendor/*/*.csv')`:                                          {"file vendor/lib"},
		`read_csv('vendor/**/b.csv')`:                                         {"file vendor/lib"},
		`read_csv('**/b.csv')`:                                                {"file vendor/lib"},
		`open(f"vendor/{name}.csv")`:                                          {"file vendor/lib"},
		`read_csv('vendor/*.csv')`:                                            nil,
		`read_csv('vendor/lib2/*.csv')`:                                       nil,
		`{{ config(x='y') }} select "a" from 'b' where {{ c }}/2 = '{{ d }}'`: nil,
		`{{ a }}/2 as x`:                                                      nil,
		`read_csv('*.tsv')`:                                                   nil,
		`read_csv('data/it''s.csv')`:                                          {"file data/it's.csv"},
		`open('data/it\'s.csv')`:                                              {"file data/it's.csv"},
		`open("data/it's.csv") # it's`:                                        {"file data/it's.csv"},
		`select '', 'data/it''s.csv'`:                                         {"file data/it's.csv"},
		`read_csv('data/so "it" is.csv')`:                                     {`file data/so "it" is.csv`},
		`open("data/so \"it\" is.csv")`:                                       {`file data/so "it" is.csv`},
		`read_csv('o''brien/*.csv')`:                                          {"file o'brien/1.csv"},
		`execute('select * from ''data/x.csv''')`:                             {"file data/x.csv"},
		`read_csv('données/été n° 1 (alt).csv')`:                              {"file données/été n° 1 (alt).csv"},
		`read_csv('données/*')`:                                               {"file données/été n° 1 (alt).csv"},
		`read_csv('数据/*')`:                                                    {"file 数据/表"},
		`open('back\\slash.csv')`:                                             {`file back\slash.csv`},
		`open(r'back\slash.csv')`:                                             {`file back\slash.csv`},
		`open('data\x.csv')`:                                                  {"file data/x.csv"},
		`open('rates')`:                                                       {"file rates"},
		`read_csv('data/other.csv')`:                                          nil,
		`read_csv('/data/x.csv')`:                                             nil,
		`select 'data' as kind, 'x.csv' as name, '.*' as any`:                 nil,
	} {
		if got := s.in(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestDataFiles finds paths of data files in code, whatever their names.
func TestDataFiles(t *testing.T) {
	for text, want := range map[string][]string{
		`read_csv('data/x.csv'), "b.json"`:                   {"b.json", "data/x.csv"},
		`read_csv('données/été n° 1 (alt) & co; #2.csv.gz')`: {"données/été n° 1 (alt) & co; #2.csv.gz"},
		`read_csv('o''brien.csv')`:                           {"brien.csv", "o'brien.csv"},
		`open("it's.csv")`:                                   {"it's.csv", "s.csv"},
		`select '', 'x.csv' -- it's`:                         {"x.csv"},
		`run('select * from ''x.csv''')`:                     {"x.csv"},
		`'/data/x.csv' 'C:\data\x.csv' '~/x.csv'`:            {"/data/x.csv", `C:\data\x.csv`, "~/x.csv"},
		`'s3://bucket/x.csv' 'https://example.com/x.csv'`:    nil,
		"select x.csv\nfrom 'x.csv":                          nil,
		`'{{ root }}/*.csv'`:                                 {"{{ root }}/*.csv"},
		`' || x.csv'`:                                        nil,
	} {
		if got := DataFiles(text); !slices.Equal(got, want) {
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
