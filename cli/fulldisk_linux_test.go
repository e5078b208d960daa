package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The disk is full at any moment: dot reports it and, once there is space again, the
// same command ends as an undisturbed one does.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	c := newCrash(t, "build dev@HEAD")
	const size, page = 1 << 20, 4 << 10
	disk, ballast := c.file(".dot"), c.file(".dot/ballast")
	mount := func() {
		t.Helper()
		if err := os.Mkdir(disk, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
			t.Skipf("no file system can be mounted here: %v", err)
		}
	}
	unmount := func() {
		t.Helper()
		// A child that another test has just forked may have a file of it open.
		if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
			t.Fatal(err)
		}
	}
	mount()
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) }) // there may be none
	c.run(c.command)
	var stat unix.Statfs_t
	if err := unix.Statfs(disk, &stat); err != nil {
		t.Fatal(err)
	}
	used := int(stat.Blocks-stat.Bfree) * int(stat.Bsize)
	failed, moments := 0, 12
	for i := range moments {
		unmount()
		c.restore()
		mount()
		room := used * i / moments / page * page
		if err := os.WriteFile(ballast, make([]byte, size-room), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := c.dot(strings.Fields(c.command)); out.code != 0 {
			failed++
			if !strings.Contains(out.stderr, "error: ") || !strings.Contains(strings.ToLower(out.both), "no space left on") {
				t.Errorf("with room for %d bytes: exit code %d\n%s", room, out.code, out.both)
			}
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		c.run(c.command)
		if diff := cmp.Diff(c.want, c.outcome()); diff != "" {
			t.Errorf("with room for %d bytes (-undisturbed +full):\n%s", room, diff)
		}
	}
	if failed < moments/2 {
		t.Errorf("the disk was full in %d of %d runs: the test fills it in the wrong way", failed, moments)
	}
}
