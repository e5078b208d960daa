#!/bin/sh
# history.sh DIR makes the sample project at DIR, as a git repository with a history.
# DIR must not exist yet.
#
#   main             opens the shop (tag v1), then adds revenue_by_month
#   feature/refunds  three commits on top: a model changed, a model added, a
#                    seed changed; HEAD is here
#
# Authors and dates are fixed and no git settings are read, so that the commit hashes
# are the same on every machine.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
shop=$1

unset $(git rev-parse --local-env-vars)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_DEFAULT_HASH=sha1
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@shop.example
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@shop.example

# commit FILES DATE SUBJECT copies FILES over the project and commits everything.
commit() {
	cp -R "$here/$1/." .
	git add --all
	GIT_AUTHOR_DATE="$2T09:00:00+0000" GIT_COMMITTER_DATE="$2T09:00:00+0000" \
		git commit --quiet --message "$3"
}

mkdir "$shop"
cd "$shop"
git init --quiet --template= --initial-branch=main

commit project 2026-03-02 "Open the shop"
git tag v1
commit changes/1-revenue-by-month 2026-03-09 "Add revenue by month"

git checkout --quiet -b feature/refunds
commit changes/2-refunds 2026-03-16 "Take refunds off what an order brought in"
commit changes/3-customer-value 2026-03-17 "Add the value of a customer"
commit changes/4-late-refund 2026-03-18 "Record a late refund"
