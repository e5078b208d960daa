package bucketserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"
)

// ProgramAZ is the environment variable with the path of a server with the API of Azure Blob Storage, azurite-blob.
const ProgramAZ = "DOT_TEST_AZ"

// account is the storage account that a server has.
const account = "dottest"

// key is that of the account.
var key = []byte("a key of this test, and no secret")

func startAZ(t *testing.T) *Server {
	t.Helper()
	azurite := program(t, ProgramAZ)
	host, port := address(t)
	at := net.JoinHostPort(host, port)
	cmd := exec.Command(azurite, "--blobHost", host, "--blobPort", port, "--location", t.TempDir(), "--silent", "--disableTelemetry")
	cmd.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+account+":"+base64.StdEncoding.EncodeToString(key))
	run(t, at, cmd)
	s := azAt("http://" + at)
	r, err := http.NewRequest(http.MethodPut, s.env["AZURE_STORAGE_SERVICE_ENDPOINT"]+"/"+Bucket+"?restype=container", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	r.Header.Set("x-ms-date", date)
	r.Header.Set("x-ms-version", "2021-12-02")
	r.Header.Set("Authorization", "SharedKey "+account+":"+mac("PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:"+date+
		"\nx-ms-version:2021-12-02\n/"+account+"/"+account+"/"+Bucket+"\nrestype:container"))
	ask(t, r)
	return s
}

func azAt(address string) *Server {
	return &Server{Scheme: "az", env: map[string]string{
		"AZURE_STORAGE_SERVICE_ENDPOINT": address + "/" + account,
		"AZURE_STORAGE_ACCOUNT":          account, "AZURE_STORAGE_KEY": base64.StdEncoding.EncodeToString(key),
	}}
}

func mac(text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// SAS returns a shared access signature of a server of Azure's, with permissions such as "rwdlc".
func SAS(permissions string) string {
	const version = "2020-08-04"
	end := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	signature := mac(account + "\n" + permissions + "\nb\nco\n\n" + end + "\n\n\n" + version + "\n")
	return url.Values{"sv": {version}, "ss": {"b"}, "srt": {"co"}, "sp": {permissions}, "se": {end}, "sig": {signature}}.Encode()
}
