"""Runs the macros without dbt: reads {"macros": [texts], "work": ..., "results":
[rows of each query]} and prints the queries, then the reply."""

import json
import re
import sys

import jinja2.sandbox


class Return(Exception):
    pass


class Rows:
    def __init__(self, rows):
        self.rows = [dict(enumerate(row)) for row in rows]


def give(value=None):
    raise Return(value)


def main():
    given = json.load(sys.stdin)
    env = jinja2.sandbox.SandboxedEnvironment(extensions=["jinja2.ext.do"])
    queries, handed_back = [], {}

    def run_query(query):
        queries.append(query)
        return Rows(given["results"][len(queries) - 1])

    def store_raw_result(**result):
        handed_back.update(result)

    env.globals.update(
        {
            "return": give,
            "run_query": run_query,
            "store_raw_result": store_raw_result,
            "fromjson": json.loads,
            "tojson": json.dumps,
            "sql": json.dumps(given["work"]),
            "dbt_version": "1.11.16",
            "model": {"unique_id": "model.dot_compare.chunk_0000"},
        }
    )
    # One template for each macro, as in dbt: a return ends only its own macro.
    sources = {}
    pattern = re.compile(r"{% macro (\w+)\(.*?%}.*?{% endmacro %}", re.DOTALL)
    for text in given["macros"]:
        text = re.sub(r"{% materialization \w+, default %}", "{% macro materialization() %}", text)
        text = text.replace("{% endmaterialization %}", "{% endmacro %}")
        for found in pattern.finditer(text):
            sources[found.group(1)] = found.group(0)

    def caller(name):
        def call(*args):
            try:
                return getattr(macros[name], name)(*args)
            except Return as value:
                return value.args[0]

        return call

    for name in sources:
        env.globals[name] = caller(name)
    macros = {name: env.from_string(source).module for name, source in sources.items()}
    env.globals["materialization"]()
    print("\n\n".join(q.strip() + ";" for q in queries))
    print()
    print(handed_back["code"])


main()
