#!/bin/sh
# wheels.sh DIRECTORY [SYSTEM/ARCHITECTURE...] builds dot's wheels into a directory, for all systems
# unless some are named. Two runs on the same commit build the same bytes. VERSION is the version,
# for instance 0.3.0; without it the tag of the commit, or a development version by the commit's time.
# PYTHON has hatchling.
set -eu

usage() {
	echo "usage: packaging/wheels.sh DIRECTORY [linux/amd64 ...]" >&2
	exit 2
}
[ $# -ge 1 ] || usage
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/dist/bin/python}
[ $# -gt 0 ] || set -- linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# platform prints the wheel's tags. The binary needs no library of the system: so it is for glibc and
# for musl. Go 1.26 needs macOS 12.
platform() {
	case $1 in
	linux/amd64) echo manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64 ;;
	linux/arm64) echo manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64 ;;
	darwin/amd64) echo macosx_12_0_x86_64 ;;
	darwin/arm64) echo macosx_12_0_arm64 ;;
	windows/amd64) echo win_amd64 ;;
	windows/arm64) echo win_arm64 ;;
	*)
		echo "wheels.sh: no wheel for $1: expected linux, darwin or windows, with /amd64 or /arm64" >&2
		exit 2
		;;
	esac
}

# version prints the version as PEP 440 has it: v0.3.0-rc.1 is 0.3.0rc1.
version() {
	if tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null); then
		echo "$tag" | sed -E 's/^v//; s/-(alpha|beta|rc)\.?([0-9]*)$/\1\2/; s/alpha/a/; s/beta/b/'
	else
		echo "0.0.0.dev$(TZ=UTC git log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd)"
	fi
}

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
DOT_WHEEL_VERSION=${VERSION:-$(version)}
export SOURCE_DATE_EPOCH DOT_WHEEL_VERSION
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R packaging/python "$work/python"
cp LICENSE "$work/python"
cp SKILL.md "$work/python/dot_for_dbt" # for agents
for system in "$@"; do
	DOT_WHEEL_PLATFORM=$(platform "$system")
	os=${system%/*}
	DOT_WHEEL_BINARY=$work/${system}/dot
	[ "$os" = windows ] && DOT_WHEEL_BINARY=$DOT_WHEEL_BINARY.exe
	export DOT_WHEEL_PLATFORM DOT_WHEEL_BINARY
	CGO_ENABLED=0 GOOS=$os GOARCH=${system#*/} go build -buildvcs=true -trimpath -ldflags "-s -w" -o "$DOT_WHEEL_BINARY" .
	chmod 755 "$DOT_WHEEL_BINARY"
	(cd "$work/python" && "$python" -m hatchling build --target wheel --directory "$out")
done
