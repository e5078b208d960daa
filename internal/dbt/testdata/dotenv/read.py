"""Reads a JSON list of texts of .env files, and prints what dbt adds to the environment for each."""

import io
import json
import logging
import os
import sys

try:
    from dotenv.main import DotEnv
except ImportError:
    sys.exit(print("null"))  # there is no python-dotenv

logging.disable()
given = json.load(sys.stdin)
os.environ.clear()
os.environ.update(given["env"])
read = []
for text in given["texts"]:
    stream = io.StringIO(text, newline=None)  # translates line ends, as in a file
    values = DotEnv(None, stream=stream, override=False).dict()
    read.append({name: value for name, value in values.items() if value is not None and name not in os.environ})
json.dump(read, sys.stdout)
