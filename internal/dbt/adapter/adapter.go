// Package adapter is the table of dbt's adapters: facts in which they differ, apart from their SQL. It is a
// leaf.
package adapter

import "slices"

// Adapter is what dot has to know of an adapter. A field that is zero says that there is no such thing.
type Adapter struct {
	Name     string   // as in a profile's type
	Host     []string // the fields of an output that may name the server; the first one that is there counts
	Database []string // the same of the database
	Port     string   // the server's usual port
	Schema   string   // the schema of an output that names none; "": it has to
	// NameLimit is how many bytes the database keeps of a name, cutting the rest off without an error; 0 if
	// it does not do so.
	NameLimit int
	Packages  []string // whose macros the adapter has, beside its own package's and dbt's
	Hosted    bool     // each command was compared with one that a host had run
	V2        bool     // dbt 2 has it built in, and not as an experiment
}

// table has the adapters of which dot knows more than the usual fields, by name. The default schema is that
// of dbt-duckdb 1.11.1 (credentials.py). What dbt 2 has built in was read in dbt-core's source at 2.0.0-beta.2.
var table = []Adapter{
	{Name: "bigquery", Database: []string{"database", "project"}, V2: true},
	{Name: "clickhouse", Host: []string{"host"}, Database: []string{"database"}, Port: "8123", V2: true},
	{
		Name: "databricks", Host: []string{"host", "server_hostname"}, Database: []string{"database", "catalog"},
		Packages: []string{"dbt_spark"}, V2: true,
	},
	{Name: "duckdb", Schema: "main", Hosted: true, V2: true}, // the database is a file
	{Name: "mysql", Host: []string{"host", "server"}, Database: []string{"database"}, Port: "3306"},
	{Name: "postgres", Host: []string{"host"}, Database: []string{"database", "dbname"}, Port: "5432", NameLimit: 63, Hosted: true},
	{
		Name: "redshift", Host: []string{"host"}, Database: []string{"database", "dbname"}, Port: "5439", NameLimit: 127,
		Packages: []string{"dbt_postgres"}, V2: true,
	},
	{Name: "salesforce", Host: usualHost, Database: usualDatabase, V2: true},
	{Name: "snowflake", Host: []string{"host", "account"}, Database: []string{"database"}, V2: true},
	{Name: "sqlserver", Host: []string{"host", "server"}, Database: []string{"database"}, Port: "1433"},
}

// The fields of adapters that have no row.
var (
	usualHost     = []string{"host", "server", "account", "server_hostname", "endpoint"}
	usualDatabase = []string{"database", "dbname", "catalog", "project", "db"}
)

// All returns the adapters that have a row, by name.
func All() []Adapter { return slices.Clone(table) }

// Of returns what is known of an adapter, for one that has no row the usual.
func Of(name string) Adapter {
	i := slices.IndexFunc(table, func(a Adapter) bool { return a.Name == name })
	if i < 0 {
		return Adapter{Name: name, Host: usualHost, Database: usualDatabase}
	}
	return table[i]
}
