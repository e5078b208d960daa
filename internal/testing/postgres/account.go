//go:build unix

package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// serverAccount is who the server runs as: nil for whoever runs this, and the
// user nobody when that is root.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user id of nobody: %w", err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("group id of nobody: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// runAs prepares cmd to run as account, out of reach of a terminal's Ctrl-C,
// and without the caller's PG* variables, which the server would read.
func runAs(cmd *exec.Cmd, account *syscall.Credential) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: account}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/" // the account may not be allowed where we are
}

// canRun tells whether account can reach the programs in bin. They may lie where
// only root can go, a home directory for one.
func canRun(ctx context.Context, account *syscall.Credential, bin string) bool {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version")
	runAs(cmd, account)
	return cmd.Run() == nil
}

// makeReachable gives dir to account and returns a directory of the programs in
// bin that account can run: bin, or a copy of PostgreSQL below dir.
func makeReachable(ctx context.Context, account *syscall.Credential, bin, dir string) (string, error) {
	if !canRun(ctx, account, bin) {
		var err error
		if bin, err = copyInstall(bin, dir); err != nil {
			return "", err
		}
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(account.Uid), int(account.Gid))
	})
	return bin, err
}

// copyInstall copies the PostgreSQL that bin belongs to below dir and returns the
// copied bin. The wheel's programs look for their libraries in a directory beside
// the package, so the copy keeps that layout.
func copyInstall(bin, dir string) (string, error) {
	install := filepath.Dir(bin)
	pkg := filepath.Dir(install)
	copied := filepath.Join(dir, filepath.Base(pkg), filepath.Base(install))
	for _, sub := range []string{"bin", "lib", "share"} {
		if err := os.CopyFS(filepath.Join(copied, sub), os.DirFS(filepath.Join(install, sub))); err != nil {
			return "", err
		}
	}
	libs := pkg + ".libs"
	if _, err := os.Stat(libs); err == nil {
		if err := os.CopyFS(filepath.Join(dir, filepath.Base(libs)), os.DirFS(libs)); err != nil {
			return "", err
		}
	}
	return filepath.Join(copied, "bin"), nil
}
