#!/usr/bin/env bash
# Puts REPORT into a comment on the pull request NUMBER. A later run for the same CANDIDATE replaces it. A token that may not
# comment, as for a pull request of a fork, is a warning.
set -euo pipefail

if [[ -z $NUMBER ]]; then
	echo "no comment: the workflow was not started by a pull request"
	exit
fi
mark="<!-- dot ${CANDIDATE%%@*} -->"
body=$RUNNER_TEMP/dot-comment.md
{
	echo "$mark"
	cat "$REPORT"
} >"$body"
comments=repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments
if ! found=$(MARK=$mark gh api --paginate "$comments" --jq '.[] | select(.body | startswith(env.MARK)) | .id'); then
	echo "::warning::no comment: the comments of the pull request can't be read"
	exit
fi
id=$(head -n 1 <<<"$found")
if [[ -n $id ]]; then
	gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$body" || id=none
else
	gh api --silent --method POST "$comments" --field "body=@$body" || id=none
fi
if [[ $id == none ]]; then
	echo "::warning::no comment: the token may not write to the pull request. The report is in the job's summary."
fi
