package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommentEnv(t *testing.T) {
	dir, users := filepath.FromSlash("/shop/.dot/plugin"), filepath.FromSlash("/mine")
	both := users + string(os.PathListSeparator) + dir
	for name, tt := range map[string]struct {
		comment Comment
		env     []string
		want    []string
	}{
		"a run":                {Comment{"dev@24256d1", "I2N2RA3NUADY"}, []string{"A=b"}, []string{"A=b", "PYTHONPATH=" + dir, `DOT_QUERY_COMMENT={"dot":"dev@24256d1","run":"I2N2RA3NUADY"}`}},
		"no run":               {Comment{Build: "dev@24256d1"}, nil, []string{"PYTHONPATH=" + dir, `DOT_QUERY_COMMENT={"dot":"dev@24256d1"}`}},
		"the user's own paths": {Comment{Build: "d"}, []string{"PYTHONPATH=" + users}, []string{"PYTHONPATH=" + both, `DOT_QUERY_COMMENT={"dot":"d"}`}},
		"for the second time":  {Comment{Build: "d"}, []string{"PYTHONPATH=" + both, `DOT_QUERY_COMMENT={"dot":"c"}`}, []string{"PYTHONPATH=" + both, `DOT_QUERY_COMMENT={"dot":"d"}`}},
	} {
		if diff := cmp.Diff(tt.want, tt.comment.Env(tt.env, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := (Comment{Build: "d"}).Env([]string{"A=b"}, dir+string(os.PathListSeparator)+"x"); len(got) != 1 {
		t.Errorf("a directory with a separator in its name is taken for two: %q", got)
	}
}
