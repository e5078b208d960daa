//go:build unix

package smallfile

import "syscall"

// read reads the start of a file. It doesn't register the file with the runtime's poller, which regular files
// don't need.
func read(name string, buffer []byte) (int, error) {
	fd, err := again(name, "open", func() (int, error) { return syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	total := 0
	for total < len(buffer) {
		n, err := again(name, "read", func() (int, error) { return syscall.Read(fd, buffer[total:]) })
		if err != nil {
			return 0, err
		}
		if total += n; n == 0 {
			break
		}
	}
	return total, nil
}
