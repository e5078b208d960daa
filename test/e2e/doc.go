// Package e2e holds the tests that run the dot binary on the sample shop of
// demo/ with real git, real dbt and real databases: DuckDB and PostgreSQL.
//
// They know dot only from outside, as a person at a shell does. They need the
// virtual environment that `make test` makes and names in DOT_TEST_VENV; without
// it they are skipped. They run on Linux and macOS.
package e2e
