#!/bin/sh
# run.sh BIN VENV shows the main job on the sample shop: it builds main as prod, then
# only what the branch changed, on top of prod's data, and compares the two builds.
# BIN is the directory of the dot binary, VENV has dbt and dbt-duckdb.
#
# The shop stays at demo/work/shop, so that a second run shows what dot skips, and so
# that you can play with it. It is made again when the sample has changed.
set -eu

bin=$(cd "$1" && pwd)
venv=$(cd "$2" && pwd)
cd "$(dirname "$0")"

unset SHOP_DB $(git rev-parse --local-env-vars) $(env | sed -n -e 's/^\(DBT_[A-Za-z0-9_]*\)=.*/\1/p' -e 's/^\(DOT_[A-Za-z0-9_]*\)=.*/\1/p')
PATH=$bin:$venv/bin:$PATH
export GIT_PAGER=cat

mkdir -p work
rm -rf work/new
./history.sh work/new
tips() { git -C "$1" rev-parse main feature/refunds 2>/dev/null; }
if [ "$(tips work/shop)" != "$(tips work/new)" ]; then
	rm -rf work/shop
	mv work/new work/shop
fi
rm -rf work/new
cd work/shop
git checkout --quiet feature/refunds

# show prints a command as a user would type it, then runs it without stdin, so that it
# can't ask.
show() {
	printf '\n$ %s\n' "$*"
	"$@" </dev/null
}

echo "The sample shop is in demo/work/shop."
show git log --oneline --decorate --graph --all
show dot build prod@main
show dot plan build dev@HEAD --defer prod@main --modified
show dot build dev@HEAD --defer prod@main --modified

show dot compare prod@main dev@HEAD --sample 2
