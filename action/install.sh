#!/usr/bin/env bash
# Installs dbt, its adapter and dot. INSTALL has pip's arguments, separated by spaces.
set -euo pipefail
read -ra arguments <<<"$INSTALL"
python -m pip install --quiet --disable-pip-version-check "${arguments[@]}"
