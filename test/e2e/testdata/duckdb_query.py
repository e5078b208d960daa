"""Prints the rows of a select on a DuckDB file as CSV; NULL reads NULL."""

import csv
import sys

import duckdb

path, sql = sys.argv[1:]
with duckdb.connect(path, read_only=True) as connection:
    rows = connection.execute(sql).fetchall()
csv.writer(sys.stdout).writerows(["NULL" if v is None else v for v in row] for row in rows)
