# dbt's console script, as pip makes one (dot reads the version off it), which
# also tells the test that it was started, and stands still where the test asks:
#
#   SHOP_DBT_LOG   gets a line a start: the process id and the command
#   SHOP_DBT_STOP  "before build", "after list", …: where to stand still
#   SHOP_DBT_GATE  a FIFO: dbt goes on when somebody has opened and closed it
import os
import select
import signal
import sys

command = sys.argv[1] if len(sys.argv) > 1 else ""


def pass_by(place):
    if os.environ.get("SHOP_DBT_STOP") == f"{place} {command}":
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


if __name__ == "__main__":
    with open(os.environ["SHOP_DBT_LOG"], "a") as log:
        log.write(f"{os.getpid()} {command}\n")
    pass_by("before")
    from dbt.cli.main import cli

    try:
        sys.exit(cli())
    finally:
        pass_by("after")
