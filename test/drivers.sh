#!/bin/sh
# drivers.sh VENV puts the drivers of dbt 2 into the virtual environment that has it: DuckDB's library into
# VENV/drivers (for LD_LIBRARY_PATH), PostgreSQL's into VENV/cache (for XDG_CACHE_HOME). By itself dbt 2
# would download them. Only Linux on x86-64 was tried; elsewhere it prints a note.
set -eu

venv=$1
if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "NOTE: dbt 2's drivers are only known for Linux on x86-64: the tests with dbt 2 are skipped"
	exit
fi
adbc=$venv/cache/com.getdbt/adbc/x86_64-manylinux_2_17-linux-gnu
mkdir -p "$venv/drivers" "$adbc"
cp "$venv"/lib/python3*/site-packages/adbc_driver_postgresql/libadbc_driver_postgresql.so \
	"$adbc/libadbc_driver_postgresql-0.21.0+dbt0.21.0.so"
cd "$venv/drivers"
PATH=$venv/bin:$PATH npm pack --silent @duckdb/node-bindings-linux-x64@1.5.6-r.1 >/dev/null
tar -xzf duckdb-node-bindings-*.tgz --strip-components=1 package/libduckdb.so
rm duckdb-node-bindings-*.tgz
