# dbt's console script, as pip makes one (dot reads the version off it), which
# also tells the test that it was started, and stands still where the test asks:
#
#   SHOP_DBT_LOG   gets a line a start: the process id and the command
#   SHOP_DBT_STOP  "before build", "after list", …: where to stand still
#   SHOP_DBT_GATE  a FIFO: dbt goes on when somebody has opened and closed it
import os
import sys

command = sys.argv[1] if len(sys.argv) > 1 else ""


def pass_by(place):
    if os.environ.get("SHOP_DBT_STOP") == f"{place} {command}":
        with open(os.environ["SHOP_DBT_GATE"]) as gate:
            gate.read()


if __name__ == "__main__":
    with open(os.environ["SHOP_DBT_LOG"], "a") as log:
        log.write(f"{os.getpid()} {command}\n")
    pass_by("before")
    from dbt.cli.main import cli

    try:
        sys.exit(cli())
    finally:
        pass_by("after")
