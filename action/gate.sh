#!/usr/bin/env bash
# Ends the job with an error if something failed or, with FAIL_ON_DIFFERENCES, if any data differs.
set -euo pipefail
if [[ $FAILED != false ]]; then
	echo "::error::the build failed, or something could not be compared"
	exit 1
fi
if [[ $DIFFERS == true && $FAIL_ON_DIFFERENCES == true ]]; then
	echo "::error::the data differs from the baseline's"
	exit 1
fi
