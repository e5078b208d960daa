#!/bin/sh
# browser.sh installs Debian's Chromium, if it is missing and this is Debian as root. The
# tests of compare/report open their page in it. If it can't be installed, the script
# says so, and those tests are skipped.
set -u

installed() { command -v chromium >/dev/null; }

install() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qx 'ID=debian' /etc/os-release || return
	export DEBIAN_FRONTEND=noninteractive
	# Another apt may be at work.
	apt-get update -qq -o DPkg::Lock::Timeout=120 &&
		apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 chromium
}

if [ -z "${DOT_TEST_BROWSER:-}" ] && ! installed; then
	log=$(mktemp)
	install >"$log" 2>&1 </dev/null
	installed || {
		echo "NOTE: Chromium is not installed and cannot be installed here: the tests that open the report's page in a browser are skipped"
		cat "$log"
	}
	rm -f "$log"
fi
