#!/bin/sh
# pages.sh DIRECTORY writes dot's man pages and completion scripts into a directory, for packages: man/,
# the same pages in gz/ as packages of Debian have them, and completions/, for dot and for dot-for-dbt.
set -eu

[ $# -eq 1 ] || { echo "usage: packaging/pages.sh DIRECTORY" >&2; exit 2; }
rm -rf "$1"
mkdir -p "$1/gz" "$1/completions"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
# The pages have the date of the commit, which go run doesn't know.
CGO_ENABLED=0 go build -buildvcs=true -trimpath -o "$out/dot" .
"$out/dot" man --dir "$out/man"
for page in "$out"/man/*.1; do
	gzip -9nc "$page" >"$out/gz/$(basename "$page").gz"
done
"$out/dot" completion bash >"$out/completions/dot.bash"
"$out/dot" completion zsh >"$out/completions/_dot"
"$out/dot" completion fish >"$out/completions/dot.fish"
"$out/dot" completion bash --as dot-for-dbt >"$out/completions/dot-for-dbt.bash"
"$out/dot" completion zsh --as dot-for-dbt >"$out/completions/_dot_for_dbt"
"$out/dot" completion fish --as dot-for-dbt >"$out/completions/dot-for-dbt.fish"
rm "$out/dot"
