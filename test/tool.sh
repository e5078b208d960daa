#!/bin/sh
# tool.sh NAME makes the virtual environment .venv/NAME of a tool that isn't dbt, from
# test/requirements/tools/NAME.txt, which pins everything. One that is whole and of these requirements is
# left alone. It is apart from venv.sh, so that a tool's requirements don't make the dbts anew.
set -eu

cd "$(dirname "$0")/.."
venv=$PWD/.venv/$1
requirements=test/requirements/tools/$1.txt
want=$({ echo "$venv"; cat "$requirements"; } | git hash-object --stdin)
if [ "$(cat "$venv/made-from" 2>/dev/null)" = "$want" ] && "$venv/bin/python" -c '' 2>/dev/null; then
	exit
fi
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER
for python in python3.12 python3.13 python3.11 python3.10 python3; do
	if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
		break
	fi
done
echo "making .venv/$1 with $("$python" --version)"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --requirement "$requirements"
# Last and in one step: an environment without its stamp is half made.
echo "$want" >"$venv/made-from.new"
mv "$venv/made-from.new" "$venv/made-from"
