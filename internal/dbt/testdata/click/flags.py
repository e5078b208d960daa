"""Print the options of each dbt command as click defines them: JSON, for TestFlagTable."""

import json

import click
from dbt.cli.main import cli


def commands(group, words=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def option(o):
    names = [n for n in o.opts if n.startswith("--")]
    return {
        "names": names,
        "negative": [n for n in o.secondary_opts if n.strip()],
        "letters": sorted(n[1:] for n in o.opts if not n.startswith("--")),
        "arity": 2 if o.multiple else 0 if o.is_flag else 1,
        "default": o.default is True,
        "env": [o.envvar] if isinstance(o.envvar, str) else list(o.envvar or []),
    }


print(json.dumps({
    name: [option(o) for o in command.params if isinstance(o, click.Option)]
    for name, command in commands(cli)
}))
