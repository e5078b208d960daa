"""Runs the binary that was installed with this package: python -m dot_for_dbt, or dot-for-dbt."""

import importlib.metadata
import os
import platform
import subprocess
import sys

NAME = "dot.exe" if os.name == "nt" else "dot"


def binary():
    """The path of dot's binary, as the installer has noted it."""
    for file in importlib.metadata.files("dot-for-dbt") or []:
        path = os.path.abspath(str(file.locate()))
        if os.path.basename(path) == NAME and os.path.isfile(path):
            return path
    return None


def main():
    path = binary()
    if path is None:
        sys.exit(
            "error: this installation of dot-for-dbt has no binary " + NAME + "\n"
            "hint: install it again for this system (" + platform.platform() + "): pip install --force-reinstall dot-for-dbt"
        )
    argv = [path, *sys.argv[1:]]
    try:
        if os.name != "nt":
            os.execv(path, argv)
        sys.exit(run(argv))
    except OSError as e:
        sys.exit(
            "error: " + path + " can't be run: " + str(e.strerror) + "\n"
            "hint: the wheel must be the one for this system: " + platform.platform()
        )


def run(argv):
    """Runs a program and returns its exit code. Ctrl-C is the program's: it ends by itself."""
    with subprocess.Popen(argv) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    main()
