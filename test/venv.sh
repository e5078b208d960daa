#!/bin/sh
# venv.sh NAME makes the virtual environment .venv/NAME from
# test/requirements/NAME.txt. One that is whole and of these requirements is
# left alone; anything else that is found there is made anew.
set -eu

cd "$(dirname "$0")/.."
name=$1
venv=$PWD/.venv/$name
stamp=$venv/made-from

# What the environment is made from, as one hash. The path is part of it: a
# virtual environment that was moved does not work.
digest() {
	{
		echo "$venv"
		cat test/requirements/*.txt test/venv.sh test/drivers.sh
	} | git hash-object --stdin
}

# find_python prints the first Python that dbt and the pinned packages support.
find_python() {
	for python in python3.12 python3.13 python3.11 python3.10 python3 python; do
		if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
			command -v "$python"
			return
		fi
	done
	echo "venv.sh: no usable Python: expected 3.10, 3.11, 3.12 or 3.13 on PATH, with its venv module (on Debian and Ubuntu: apt install python3-venv)" >&2
	return 1
}

want=$(digest)
if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && "$venv/bin/python" -c '' 2>/dev/null; then
	exit
fi

unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE PIP_TARGET PIP_PREFIX PIP_USER
python=$(find_python)

# One at a time. A make that was killed can leave its pip running: that has
# inherited the lock, so nobody makes the same directory meanwhile. Whoever had to
# wait looks again, from the top.
if [ -z "${VENV_LOCKED:-}" ]; then
	mkdir -p .venv
	VENV_LOCKED=1 exec "$python" -c '
import fcntl, os, sys
lock = open(sys.argv[1], "w")
os.set_inheritable(lock.fileno(), True)
fcntl.flock(lock, fcntl.LOCK_EX)
os.execv("/bin/sh", ["sh", *sys.argv[2:]])
' ".venv/$name.lock" test/venv.sh "$name"
fi

echo "making .venv/$name with $("$python" --version)"
rm -rf "$venv"
"$python" -m venv "$venv"
constraints=constraints
deps=
case $name in
dbt-1.12) constraints=$name deps=--no-deps ;; # lists everything, and leaves a dependency out
dbt-* | peer-* | dist) constraints=$name ;; # pins everything itself
esac
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --no-compile $deps \
	--requirement "test/requirements/$name.txt" --constraint "test/requirements/$constraints.txt"
if [ "$name" = dbt-2 ]; then
	test/drivers.sh "$venv"
fi
# Without bytecode each start of dbt takes seconds longer. A package may carry
# files for other Python versions that do not compile: that is no reason to stop.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
# Last and in one step: an environment without its stamp is half made.
echo "$want" >"$stamp.new"
mv "$stamp.new" "$stamp"
