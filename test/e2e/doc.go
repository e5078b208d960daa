// Package e2e has the tests that run the dot binary on the sample shop of demo/ with real git, real
// dbt and real databases: DuckDB and PostgreSQL.
//
// They use dot only from outside, like a user at a shell. They need the virtual environment that
// `make test` makes and names in DOT_TEST_VENV; without it they are skipped. They run on Linux and
// macOS.
package e2e
