package cli_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// What --trace is to write to a disk that is full in the end goes elsewhere, and dot fails.
// TestRefuge has --output.
func TestFullOutput(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newBuiltShop(t)
	for _, command := range []string{
		"build dev@HEAD --trace /dev/full",
		"compare prod@main dev@HEAD --trace /dev/full",
	} {
		t.Run(command, func(t *testing.T) {
			out := s.dot(strings.Fields(command))
			saved := regexp.MustCompile(`no space left on device\nhint: it was written to (\S+) instead\n`).FindStringSubmatch(out.stderr)
			if out.code != 2 || saved == nil {
				t.Fatalf("exit code %d, want 2, and another file:\n%s", out.code, out.both)
			}
			if text, err := os.ReadFile(saved[1]); err != nil || !json.Valid(text) {
				t.Errorf("%s holds %q, %v", saved[1], text, err)
			}
			_ = os.Remove(saved[1])
		})
	}
}

// The disk is full at any moment: dot reports it and, once there is space again, the
// same command ends as an undisturbed one does.
func TestFullDisk(t *testing.T) {
	withoutRace(t)
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
