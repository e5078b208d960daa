#!/bin/sh
# notes.sh VERSION prints the part of CHANGELOG.md about a version, such as v0.3.0, as the notes of its
# release. Without VERSION it prints what is unreleased. It fails if there is no such part.
set -eu

cd "$(dirname "$0")/.."
version=${1:-Unreleased}
awk -v version="${version#v}" '
	/^## / { inside = index($0, "[" version "]") > 0; if (inside) found = 1; next }
	inside { text = text $0 "\n"; if ($0 ~ /[^ ]/) some = 1 }
	END {
		if (!found || !some) exit 1
		gsub(/^\n+|\n+$/, "", text)
		print text
	}
' CHANGELOG.md || {
	echo "notes.sh: CHANGELOG.md has nothing about $version" >&2
	exit 1
}
