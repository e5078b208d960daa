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

// serverAccount is the account that the server runs as: nil for the present user, or the user
// nobody if that is root.
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

// runAs prepares cmd to run as account. A terminal's Ctrl-C can't reach it, and it does not get the
// caller's PG* variables, which the server would read.
func runAs(cmd *exec.Cmd, account *syscall.Credential) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: account}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/" // the account may not have access to the present directory
}

// canRun reports whether account can run the programs in bin. They may be in a directory that only
// root can enter, such as a home directory.
func canRun(ctx context.Context, account *syscall.Credential, bin string) bool {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version")
	runAs(cmd, account)
	return cmd.Run() == nil
}

// makeReachable gives dir to account. It returns a directory with PostgreSQL's programs that
// account can run: bin, or a copy below dir.
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

// copyInstall copies the PostgreSQL of bin below dir, and returns the copied bin. The wheel's
// programs look for their libraries in a directory beside the package, so the copy keeps that
// layout.
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
