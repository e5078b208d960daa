"""Stands for the Python of a dbt: asks server.py for a process that has imported dbt.

The first line, which the package adds, names the virtual environment's Python. This becomes that
Python where server.py can't help: if something else than dbt or a program on stdin is started, in another
session (at a terminal), or with variables that count when Python or dbt is loaded.
"""

import array
import os
import signal
import socket
import sys

PYTHON = "@PYTHON@"
SERVER = "@SERVER@"

# Beginnings of the names of variables that count when Python, the C library or dbt is loaded, and
# those among them that count later, too.
AT_START = ("PYTHON", "LC_", "LD_", "DBT_MACRO_DEBUGGING", "DBT_RECORDER_", "DBT_ENGINE_RECORDER_")
LATER = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")


def main(argv):
    how = ask(argv) if is_replaced(argv) else "refused"
    if how == "refused":
        os.execv(PYTHON, [PYTHON, *argv])
    kind, number = how.split()
    if kind == "signal":
        signal.signal(int(number), signal.SIG_DFL)
        os.kill(os.getpid(), int(number))
    os._exit(int(number))


def is_replaced(argv):
    is_program = argv[:1] == ["-"]  # dot's host, or a test's own
    is_dbt = bool(argv) and os.path.basename(argv[0]) == "dbt"
    early = [name for name, value in os.environ.items() if value and name.startswith(AT_START) and name not in LATER]
    return (is_program or is_dbt) and not early


def ask(argv):
    """Has the server run the command, and returns how it ended."""
    # A signal to this process's group reaches the new process, too, which joins the group. Only
    # SIGINT when dot has ended comes to this process alone.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    parent = os.getppid()
    files = [fd for fd in map(int, os.listdir("/proc/self/fd")) if is_open(fd)]
    server = socket.socket(socket.AF_UNIX)
    server.connect(SERVER)
    request = os.memfd_create("request")
    texts = [os.getpgrp(), os.getsid(0), " ".join(map(str, files)), os.getcwd(), len(argv), *argv]
    with open(request, "wb", closefd=False) as file:
        for text in [os.fsencode(str(text)) for text in texts] + [b"%s=%s" % entry for entry in os.environb.items()]:
            file.write(text + b"\0")
    server.sendmsg([b"r"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [request, *files]))])
    lines = server.makefile("r")
    first = lines.readline().split()
    if first[:1] != ["pid"]:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        return "refused"

    def interrupted(number, frame):
        if os.getppid() != parent:
            os.kill(int(first[1]), signal.SIGINT)

    signal.signal(signal.SIGINT, interrupted)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    return lines.readline().strip() or "exit 1"


def is_open(fd):
    try:
        os.fstat(fd)  # the list has the descriptor with which it was read
    except OSError:
        return False
    return True


main(sys.argv[1:])
