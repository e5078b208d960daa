// Package adapter is the table of dbt's adapters: the facts in which they differ, except for their
// SQL. It is a leaf.
package adapter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Adapter is what dot needs to know about an adapter. A zero field means that the adapter has no
// such thing.
type Adapter struct {
	Name     string   // as in a profile's type
	Host     []string // the fields of an output that may name the server; the first one present counts
	Database []string // the same for the database
	Port     string   // the server's default port
	Schema   string   // the default schema; "": an output must name one
	// NameLimit is the number of bytes after which the database silently cuts a name; 0 if it never
	// does.
	NameLimit int
	// IgnoresCase means that names are compared without case, LowersUnquoted that unquoted names
	// are folded to lower case. See Fold.
	IgnoresCase    bool
	LowersUnquoted bool
	Packages       []string // packages whose macros the adapter uses, besides its own and dbt's
	// Files are the fields of an output that name files or directories. Each is a path of keys; "*" is
	// any entry of a list. See also UsualFiles.
	Files []string
	// Needed are the files without which no connection is made. See also UsualFiles.
	Needed []Needed
	// SearchPath are the fields of an output that may say where SQL finds relations without a schema,
	// as paths of keys; the first one present counts.
	SearchPath []string
	Hosted     bool // each command was compared with its run in a host
	V2         bool // dbt 2 has it built in, and not as an experiment
	// Driver is the file name, as a pattern, of the library that dbt 2 loads for the adapter (2.0.0-alpha.4,
	// Linux).
	Driver string
}

// Needed is a field that names a file which dbt reads before it connects: if the field When has one of
// these values, or always if When is "".
type Needed struct {
	File string
	When string
	Is   []string
}

// Needs reports whether an output can't connect without the file that a field names. value returns the
// values of the output's other fields.
func (a Adapter) Needs(file string, value func(field string) string) bool {
	return slices.ContainsFunc(a.Needed, func(n Needed) bool {
		return n.File == file && (n.When == "" || slices.Contains(n.Is, value(n.When)))
	})
}

// table has the adapters that differ from the usual, by name. The default schema is that of
// dbt-duckdb 1.11.1 (credentials.py). What dbt 2 has built in was read in dbt-core's source at
// 2.0.0-beta.2.
var table = []Adapter{
	{
		Name: "bigquery", Database: []string{"database", "project"}, V2: true,
		Needed: []Needed{{File: "keyfile", When: "method", Is: []string{"service-account"}}},
	},
	{Name: "clickhouse", Host: []string{"host"}, Database: []string{"database"}, Port: "8123", V2: true},
	{
		Name: "databricks", Host: []string{"host", "server_hostname"}, Database: []string{"database", "catalog"},
		Packages: []string{"dbt_spark"}, V2: true,
	},
	{
		// The database is a file; names as in DuckDB 1.5. The files are in dbt-duckdb 1.11.1's
		// credentials.py and in DuckDB's list of settings.
		Name: "duckdb", Schema: "main", IgnoresCase: true, Hosted: true, V2: true, Driver: "libduckdb.so",
		Files: []string{
			"path", "attach.*.path", "module_paths.*",
			"settings.extension_directory", "settings.home_directory", "settings.secret_directory", "settings.temp_directory",
			"config_options.extension_directory", "config_options.home_directory", "config_options.secret_directory", "config_options.temp_directory",
		},
		SearchPath: []string{"settings.search_path", "settings.schema", "config_options.search_path", "config_options.schema"},
	},
	{Name: "mysql", Host: []string{"host", "server"}, Database: []string{"database"}, Port: "3306"},
	{
		Name: "postgres", Host: []string{"host"}, Database: []string{"database", "dbname"}, Port: "5432", NameLimit: 63,
		LowersUnquoted: true, Hosted: true, SearchPath: []string{"search_path"}, Driver: "libadbc_driver_postgresql*.so",
		// libpq goes on without other certificates that are missing.
		Needed: []Needed{{File: "sslrootcert", When: "sslmode", Is: []string{"verify-ca", "verify-full"}}},
	},
	{
		Name: "redshift", Host: []string{"host"}, Database: []string{"database", "dbname"}, Port: "5439", NameLimit: 127,
		LowersUnquoted: true, Packages: []string{"dbt_postgres"}, V2: true, Driver: "libadbc_driver_redshift*.so",
	},
	{Name: "salesforce", Host: usualHost, Database: usualDatabase, V2: true},
	{
		Name: "snowflake", Host: []string{"host", "account"}, Database: []string{"database"}, V2: true,
		Needed: []Needed{{File: "private_key_path"}},
	},
	{Name: "sqlserver", Host: []string{"host", "server"}, Database: []string{"database"}, Port: "1433"},
}

// The fields of adapters without a row.
var (
	usualHost     = []string{"host", "server", "account", "server_hostname", "endpoint"}
	usualDatabase = []string{"database", "dbname", "catalog", "project", "db"}
)

// UsualFiles are the fields that name a file in the output of any adapter that has them.
var UsualFiles = []string{
	"ca_cert", "cert", "client_cert", "client_cert_key", "client_certificate", "client_private_key", "keyfile",
	"private_key_path", "sslcert", "sslkey", "sslrootcert", "token_file",
}

// All returns the adapters with a row, by name.
func All() []Adapter { return slices.Clone(table) }

// Of returns the facts about an adapter. One without a row gets the usual fields.
func Of(name string) Adapter {
	i := slices.IndexFunc(table, func(a Adapter) bool { return a.Name == name })
	if i < 0 {
		return Adapter{Name: name, Host: usualHost, Database: usualDatabase}
	}
	return table[i]
}

// Fold returns a name as the database compares it. quoted says whether SQL quotes the name.
func (a Adapter) Fold(name string, quoted bool) string {
	if a.IgnoresCase || a.LowersUnquoted && !quoted {
		name = strings.ToLower(name)
	}
	if end := a.NameLimit; end > 0 && len(name) > end {
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end]
	}
	return name
}
