package bucketserver

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// ProgramGS is the environment variable with the path of a server with the API of Google Cloud Storage,
// fake-gcs-server.
const ProgramGS = "DOT_TEST_GS"

func startGS(t *testing.T) *Server {
	t.Helper()
	fake := program(t, ProgramGS)
	host, port := address(t)
	at := net.JoinHostPort(host, port)
	run(t, at, exec.Command(fake, "-scheme", "http", "-host", host, "-port", port, "-public-host", at, "-backend", "memory", "-log-level", "error"))
	r, err := http.NewRequest(http.MethodPost, "http://"+at+"/storage/v1/b?project=test", strings.NewReader(`{"name":"`+Bucket+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	ask(t, r)
	return gsAt(at)
}

func gsAt(address string) *Server {
	return &Server{Scheme: "gs", env: map[string]string{"STORAGE_EMULATOR_HOST": address}}
}
