"""Python imports this when it starts (it lies on PYTHONPATH). If the program is the
shop's dbt, by itself or in a host, it tells the test that dbt was started, and stands
still where the test asks:

  SHOP_DBT       the path of the shop's dbt
  SHOP_DBT_LOG   gets a line a start: the process id and the command
  SHOP_DBT_STOP  where to stand still: "before build", "after list", ..., or at a node,
                 "before orders", "after orders" (it is written, but dbt has not said so)
  SHOP_DBT_GATE  a FIFO: dbt goes on when somebody has opened and closed it

dbt's own script stays as pip makes it, since only such a dbt is hosted.
"""

import atexit
import os
import select
import signal
import sys


def see(event, args):
    # The script begins: in a host, too, which executes it in each child.
    if event == "exec" and getattr(args[0], "co_filename", None) == SCRIPT and args[0].co_name == "<module>":
        start("mark" if marks() else "question" if asks() else sys.argv[1] if len(sys.argv) > 1 else "")


def asks():
    # dot asks the warehouse with a dbt run of a project of its own.
    return any(os.path.basename(word) == "question" or "dot-question-" in word for word in sys.argv)


def marks():
    # dot marks a schema with a dbt run, too.
    return any(os.path.basename(word) == "mark" for word in sys.argv)


def start(command):
    with open(os.environ["SHOP_DBT_LOG"], "a") as log:
        log.write(f"{os.getpid()} {command}\n")
    atexit.register(pass_by, f"after {command}")
    pass_by(f"before {command}")
    if "SHOP_DBT_STOP" in os.environ:
        stop_at_nodes()


def stop_at_nodes():
    from dbt.task.base import BaseRunner

    run = BaseRunner.run

    def run_between(self, node, manifest):
        wait_at(f"before {node.name}")
        result = run(self, node, manifest)
        wait_at(f"after {node.name}")
        return result

    BaseRunner.run = run_between


def wait_at(place):
    # No signal reaches dbt's threads.
    if os.environ["SHOP_DBT_STOP"] == place:
        gate = os.open(os.environ["SHOP_DBT_GATE"], os.O_RDONLY | os.O_NONBLOCK)
        select.select([gate], [], [])
        os.close(gate)


def pass_by(place):
    if os.environ.get("SHOP_DBT_STOP") == place:
        stand_at(os.environ["SHOP_DBT_GATE"])


def stand_at(path):
    gate = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    # A signal that comes right before a system call waits for the call to end, unless
    # it is what ends it.
    waker, woken = os.pipe()
    os.set_blocking(woken, False)
    before = signal.set_wakeup_fd(woken)
    try:
        while gate not in select.select([gate, waker], [], [])[0]:
            os.read(waker, 1)
    finally:
        signal.set_wakeup_fd(before)
        for fd in (gate, waker, woken):
            os.close(fd)


SCRIPT = os.environ.get("SHOP_DBT")
if SCRIPT:
    sys.addaudithook(see)
