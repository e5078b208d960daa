#!/usr/bin/env bash
# Builds CANDIDATE over BASELINE, and compares the two. Writes the outputs differs, failed and report, and the job's
# summary. It ends well also if something failed: gate.sh ends the job, after the comment.
set -euo pipefail

if [[ $CANDIDATE != *@* ]]; then
	CANDIDATE=$CANDIDATE@HEAD
fi
if [[ $BASELINE != *@* ]]; then
	if ! left=$(git merge-base "origin/${GITHUB_BASE_REF:?is not set: name the commit of the baseline}" HEAD); then
		echo "::error::the clone lacks the commit where the branch left $GITHUB_BASE_REF: check out with fetch-depth: 0"
		exit 1
	fi
	BASELINE=$BASELINE@$left
fi
read -ra build_flags <<<"${BUILD_FLAGS:-}"
read -ra compare_flags <<<"${COMPARE_FLAGS:-}"

report=$RUNNER_TEMP/dot-report.md
rm -f "$report"
failed=false differs=false
dot-for-dbt build "$CANDIDATE" --defer "$BASELINE" --modified --log grouped ${build_flags[@]+"${build_flags[@]}"} || failed=true
code=0
dot-for-dbt compare "$BASELINE" "$CANDIDATE" --exit-code -o "$report" ${compare_flags[@]+"${compare_flags[@]}"} || code=$?
case $code in
0) ;;
1) differs=true ;;
*) failed=true ;;
esac
{
	if [[ $failed == true ]]; then
		echo "**The build failed, or something could not be compared.** The job's log says what."
		echo
	fi
	if [[ -f $report ]]; then
		cat "$report"
	fi
} >"$report.new"
mv "$report.new" "$report"
cat "$report" >>"$GITHUB_STEP_SUMMARY"
{
	echo "differs=$differs"
	echo "failed=$failed"
	echo "report=$report"
} >>"$GITHUB_OUTPUT"
