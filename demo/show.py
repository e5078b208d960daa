"""Shows two schemas of a DuckDB file side by side: show.py FILE LEFT RIGHT."""

import sys

import duckdb

path, left, right = sys.argv[1:]
connection = duckdb.connect(path, read_only=True)


def rows(sql, *parameters):
    return connection.execute(sql, parameters).fetchall()


def tables(schema):
    names = rows("select table_name from information_schema.tables where table_schema = ?", schema)
    return {name: rows(f'select count(*) from "{schema}"."{name}"')[0][0] for (name,) in names}


def revenue(schema):
    return dict(rows(f'select strftime(month, \'%Y-%m\'), revenue from "{schema}".revenue_by_month'))


def print_table(title, left_values, right_values, missing):
    print(f"\n{title:<20}{left:>16}{right:>16}")
    for name in sorted(left_values | right_values):
        a, b = (str(values.get(name, missing)) for values in (left_values, right_values))
        print(f"{name:<20}{a:>16}{b:>16}{'  differs' if missing not in (a, b) and a != b else ''}")


print_table("rows", tables(left), tables(right), "-")
print_table("revenue_by_month", revenue(left), revenue(right), "-")
