"""Print how dbt's own parser reads the lines of lines.json, for TestReadArgsIsClick.

Reads the file named as the first argument and prints it again with what click makes of each line today.
"""

import json
import sys

import click
from dbt.cli.main import cli


def flat(value):
    if isinstance(value, (list, tuple)):
        return [word for item in value for word in flat(item)]
    return [value]


def read(name, argv):
    command = cli
    for word in name.split():
        command = command.commands[word]
    context = click.Context(command)
    try:
        options, rest, _ = command.make_parser(context).parse_args(list(argv))
    except click.UsageError as error:
        return {"error": type(error).__name__}
    arguments = {p.name for p in command.params if isinstance(p, click.Argument)}
    words = [w for p, w in options.items() if p in arguments and isinstance(w, str)]
    return {
        "options": {p: " ".join(map(str, flat(v))) for p, v in sorted(options.items()) if p not in arguments},
        "rest": words + [w for w in rest if w not in words],
    }


with open(sys.argv[1]) as file:
    lines = json.load(file)
print(json.dumps([{"command": l["command"], "argv": l["argv"], **read(l["command"], l["argv"])} for l in lines], indent=1))
