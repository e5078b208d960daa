//go:build unix

package ladder

import (
	"slices"
	"strings"
	"testing"
)

// twoValues has two different values of each of PostgreSQL's types, as SQL. Only NULL
// is a value of the other types: the server accepts none from a user.
var twoValues = map[string][2]string{
	`"char"`:                      {`'a'`, `'b'`},
	`aclitem`:                     {`makeaclitem(10, 10, 'SELECT', false)`, `makeaclitem(10, 10, 'INSERT', false)`},
	`bigint`:                      {`1`, `4294967296`},
	`bit`:                         {`b'1'`, `b'0'`},
	`bit varying`:                 {`b'1'`, `b'01'`},
	`boolean`:                     {`true`, `false`},
	`box`:                         {`'(1,1),(0,0)'`, `'(1,2),(0,0)'`},
	`bytea`:                       {`'\x00'`, `'\x0000'`},
	`character`:                   {`'a'`, `'b'`},
	`character varying`:           {`'a'`, `'a '`},
	`cid`:                         {`'1'`, `'2'`},
	`cidr`:                        {`'10.0.0.0/8'`, `'10.0.0.0/9'`},
	`circle`:                      {`'<(0,0),1>'`, `'<(1,0),1>'`}, // of the same area, so the database calls them equal
	`date`:                        {`'2020-01-01'`, `'infinity'`},
	`datemultirange`:              {`'{[2020-01-01,2020-01-02)}'`, `'{}'`},
	`daterange`:                   {`'[2020-01-01,2020-01-02)'`, `'empty'`},
	`double precision`:            {`0`, `0.1`},
	`inet`:                        {`'10.0.0.1'`, `'10.0.0.1/8'`},
	`int2vector`:                  {`'1 2'`, `'1 3'`},
	`int4multirange`:              {`'{[1,2)}'`, `'{[1,3)}'`},
	`int4range`:                   {`'[1,2)'`, `'[1,3)'`},
	`int8multirange`:              {`'{[1,2)}'`, `'{[1,3)}'`},
	`int8range`:                   {`'[1,2)'`, `'[1,3)'`},
	`integer`:                     {`1`, `-1`},
	`interval`:                    {`'1 day'`, `'24 hours'`},
	`json`:                        {`'{"a": 1}'`, `'{"a":1}'`},
	`jsonb`:                       {`'{"a": 1}'`, `'{"a": -1}'`},
	`jsonpath`:                    {`'$.a'`, `'$.b'`},
	`line`:                        {`'{1,2,3}'`, `'{1,2,4}'`},
	`lseg`:                        {`'[(0,0),(1,1)]'`, `'[(0,0),(1,2)]'`},
	`macaddr`:                     {`'08:00:2b:01:02:03'`, `'08:00:2b:01:02:04'`},
	`macaddr8`:                    {`'08:00:2b:01:02:03:04:05'`, `'08:00:2b:01:02:03:04:06'`},
	`money`:                       {`1`, `-1`},
	`name`:                        {`'a'`, `'A'`},
	`numeric`:                     {`1`, `-1`},
	`nummultirange`:               {`'{[1,2)}'`, `'{[1,3)}'`},
	`numrange`:                    {`'[1,2)'`, `'[1,3)'`},
	`oid`:                         {`'1'`, `'4294967295'`},
	`oid8`:                        {`'1'`, `'4294967296'`},
	`oidvector`:                   {`'1 2'`, `'1 3'`},
	`path`:                        {`'[(0,0),(1,1)]'`, `'((0,0),(1,1))'`},
	`pg_lsn`:                      {`'0/1'`, `'1/0'`},
	`pg_snapshot`:                 {`'10:20:10,14'`, `'10:20:10'`},
	`point`:                       {`'(1,2)'`, `'(2,1)'`},
	`polygon`:                     {`'((0,0),(1,1),(1,0))'`, `'((0,0),(1,1),(2,0))'`},
	`real`:                        {`0`, `0.1`},
	`refcursor`:                   {`'a'`, `'b'`},
	`regclass`:                    {`'pg_class'`, `'pg_type'`},
	`regcollation`:                {`'"C"'`, `'"POSIX"'`},
	`regconfig`:                   {`'simple'`, `'english'`},
	`regdatabase`:                 {`'template0'`, `'template1'`},
	`regdictionary`:               {`'simple'`, `'english_stem'`},
	`regnamespace`:                {`'pg_catalog'`, `'information_schema'`},
	`regoper`:                     {`'|/'`, `'||/'`},
	`regoperator`:                 {`'+(integer,integer)'`, `'-(integer,integer)'`},
	`regproc`:                     {`'now'`, `'version'`},
	`regprocedure`:                {`'abs(integer)'`, `'abs(bigint)'`},
	`regrole`:                     {`'pg_monitor'`, `'pg_read_all_stats'`},
	`regtype`:                     {`'integer'`, `'bigint'`},
	`smallint`:                    {`1`, `-1`},
	`text`:                        {`''`, `'ä'`},
	`tid`:                         {`'(0,1)'`, `'(1,0)'`},
	`time with time zone`:         {`'10:00:00+01'`, `'09:00:00+00'`},
	`time without time zone`:      {`'10:00:00'`, `'10:00:00.000001'`},
	`timestamp with time zone`:    {`'2020-01-01 00:00:00+00'`, `'2020-01-01 00:00:00.000001+00'`},
	`timestamp without time zone`: {`'2020-01-01'`, `'2020-01-01 00:00:00.000001'`},
	`tsmultirange`:                {`'{[2020-01-01,2020-01-02)}'`, `'{[2020-01-01,2020-01-02]}'`},
	`tsquery`:                     {`'a & b'`, `'a | b'`},
	`tsrange`:                     {`'[2020-01-01,2020-01-02)'`, `'[2020-01-01,2020-01-02]'`},
	`tstzmultirange`:              {`'{[2020-01-01,2020-01-02)}'`, `'{[2020-01-01,2020-01-02]}'`},
	`tstzrange`:                   {`'[2020-01-01,2020-01-02)'`, `'[2020-01-01,2020-01-02]'`},
	`tsvector`:                    {`'a:1 b'`, `'a:2 b'`},
	`txid_snapshot`:               {`'10:20:10,14'`, `'10:20:10'`},
	`uuid`:                        {`'6ccd780c-baba-1026-9564-5b8c656024db'`, `'6ccd780c-baba-1026-9564-5b8c656024dc'`},
	`xid`:                         {`'1'`, `'2'`},
	`xid8`:                        {`'1'`, `'4294967296'`},
	`xml`:                         {`'<a/>'`, `'<b/>'`},

	`information_schema.cardinal_number`: {`1`, `2`},
	`information_schema.character_data`:  {`'a'`, `'b'`},
	`information_schema.sql_identifier`:  {`'a'`, `'b'`},
	`information_schema.time_stamp`:      {`'2020-01-01 00:00:00+00'`, `'2020-01-02 00:00:00+00'`},
	`information_schema.yes_or_no`:       {`'YES'`, `'NO'`},
}

// onlyNull has the types of which a user can't write a value.
var onlyNull = []string{
	"gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies", "pg_mcv_list", "pg_ndistinct", "pg_node_tree",
}

// Every type of PostgreSQL's catalog that a column can have is compared, and so is an
// array of it.
func TestPostgresCatalog(t *testing.T) {
	eachPostgres(t, func(t *testing.T, w warehouse) {
		// A server may be built without XML.
		noXML := w.Query(t, "select count(*)::text from pg_config() where name = 'CONFIGURE' and setting like '%--with-libxml%'")[0][0] == "0"
		var columns, a, b, own []string // own has those whose two values differ
		add := func(typeName, one, other string) {
			column := `"` + strings.ReplaceAll(typeName, `"`, `""`) + `"`
			columns = append(columns, column+" "+typeName)
			a, b = append(a, one), append(b, other)
			if one != other {
				own = append(own, typeName+" own")
			}
		}
		for _, row := range w.Query(t, `select format_type(t.oid, null), case when exists (select from pg_type as a where a.typelem = t.oid and a.typcategory = 'A') then 'yes' else 'no' end
from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
where n.nspname in ('pg_catalog', 'information_schema') and t.typtype in ('b', 'd', 'e', 'm', 'r') and t.typcategory <> 'A' order by 1`) {
			name, hasArray := row[0], row[1] == "yes"
			values, known := twoValues[name]
			if name == "xml" && noXML || slices.Contains(onlyNull, name) {
				values, known = [2]string{"null", "null"}, true
			}
			if !known {
				t.Errorf("this test has no values of the type %s", name)
				continue
			}
			add(name, values[0], values[1])
			if hasArray {
				array := func(value string) string { return "array[" + value + ", null]::" + name + "[]" }
				add(name+"[]", array(values[0]), array(values[1]))
			}
		}
		definition := strings.Join(columns, ", ")
		one, other := "("+strings.Join(a, ", ")+")", "("+strings.Join(b, ", ")+")"
		check(t, w, []testCase{
			{"the same", tables(definition, one+","+other, other+","+one), Pair{}, "2/2 equal"},
			{"profiles", slices.Concat(tables(definition, "", one+","+other), []string{"drop table $a"}), Pair{Depth: Profile, Sample: 1}, "none/2 *"},
			{"different", tables(definition, one, other), Pair{}, "1/1 not equal by group by +1 -1 " + strings.Join(own, " ")},
		})
	})
}
