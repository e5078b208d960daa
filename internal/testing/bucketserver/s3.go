package bucketserver

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ProgramS3 is the environment variable with the path of a server with the protocol of S3, versitygw.
const ProgramS3 = "DOT_TEST_S3"

// StartS3 starts a server with the protocol of S3.
func StartS3(t *testing.T) *Server {
	t.Helper()
	gateway := program(t, ProgramS3)
	root, about := t.TempDir(), t.TempDir()
	s := &Server{Scheme: "s3", Dir: filepath.Join(root, Bucket)}
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	at := net.JoinHostPort(address(t))
	s.env = map[string]string{
		"AWS_ENDPOINT_URL_S3": "http://" + at, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "of-this-test",
	}
	run(t, at, exec.Command(gateway, "--port", at, "--access", "test", "--secret", "of-this-test", "--quiet", "posix", "--sidecar", about, root))
	return s
}
