"""Runs the binary that was installed with this package: python -m dot_for_dbt, or dot-for-dbt."""

import importlib.metadata
import os
import platform
import subprocess
import sys

NAME = "dot.exe" if os.name == "nt" else "dot"
AGAIN = "install it again for this system (" + platform.platform() + "): pip install --force-reinstall dot-for-dbt"


class Broken(Exception):
    """Why the binary can't be run."""


def binary(installed):
    """The path of dot's binary, as the installer has noted it."""
    directory = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for file in installed.files or []:
        if os.path.basename(str(file)) != NAME:
            continue
        # pip install --target notes another place than the one where it leaves the scripts.
        for path in (os.path.abspath(str(file.locate())), os.path.join(directory, "bin", NAME)):
            if not os.path.isfile(path):
                continue
            if file.size is not None and os.path.getsize(path) != file.size:
                raise Broken(path + " is not the program of this package: another one, such as Graphviz's, has replaced it")
            return path
    raise Broken("this installation of dot-for-dbt has no binary " + NAME + made_for(installed))


def made_for(installed):
    """Says which systems the wheel is for, by its tags."""
    lines = (installed.read_text("WHEEL") or "").splitlines()
    tags = [line.rpartition("-")[2] for line in lines if line.startswith("Tag: ")]
    return ", its wheel is for " + ", ".join(tags) if tags else ""


def main():
    try:
        installed = importlib.metadata.distribution("dot-for-dbt")
    except importlib.metadata.PackageNotFoundError:
        fail("the package dot-for-dbt is not installed, only its files are here")
    try:
        path = binary(installed)
        argv = [path, *sys.argv[1:]]
        if os.name != "nt":
            os.execv(path, argv)
        sys.exit(run(argv))
    except Broken as e:
        fail(str(e))
    except OSError as e:
        fail(path + " can't be run: " + str(e.strerror) + made_for(installed))


def fail(message):
    sys.exit("error: " + message + "\nhint: " + AGAIN)


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
