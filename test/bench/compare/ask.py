"""ask.py FILE SQL runs a query on a DuckDB file twice. It prints the rows, and the
cost of the second time, as JSON."""

import json
import resource
import sys
import time

import duckdb

file, sql = sys.argv[1:]
database = duckdb.connect(file, read_only=True)
database.execute(sql).fetchall()
used = time.process_time_ns()
begun = time.perf_counter_ns()
rows = database.execute(sql).fetchall()
wall = time.perf_counter_ns() - begun
used = time.process_time_ns() - used
print(
    json.dumps(
        {
            "Rows": [[str(value) for value in row] for row in rows],
            "Wall": wall,
            "CPU": used,
            "Memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
        }
    )
)
