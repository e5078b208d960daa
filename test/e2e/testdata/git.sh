#!/bin/sh
# git, which stands still before or after it adds a worktree where a test asks for
# it; see sitecustomize.py for how.
pass_by() {
	if [ "$SHOP_DBT_STOP" = "$1 worktree" ]; then read -r _ <"$SHOP_DBT_GATE"; fi
}
case " $* " in
*" worktree add "*)
	pass_by before
	"$SHOP_GIT" "$@"
	code=$?
	pass_by after
	exit $code
	;;
esac
exec "$SHOP_GIT" "$@"
