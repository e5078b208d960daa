package bucket

import (
	"strings"
	"testing"

	"dot-for-dbt/internal/hint"
)

func TestOpen(t *testing.T) {
	azure := func(pairs ...string) map[string]string {
		env := map[string]string{"AZURE_STORAGE_ACCOUNT": "test", "AZURE_STORAGE_KEY": "aHVzaA=="}
		for i := 0; i < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	const connection = "AZURE_STORAGE_CONNECTION_STRING"
	for _, tt := range []struct {
		url  string
		env  map[string]string
		want string
	}{
		{"s3:///dot", nil, "a bucket and a prefix are expected"},
		{"s3://me:hush@team/dot", nil, "s3://team/dot: a bucket and a prefix are expected"},
		{"gs://team/dot?x=hush", nil, "gs://team/dot: a bucket and a prefix are expected"},
		{"az://team/dot?sv=1&sig=hush", azure(), "az://team/dot: a bucket and a prefix are expected"},
		{"az://account.blob.core.windows.net/team", azure(), "can't be the name of a container"},
		{"ftp://team/dot", nil, `a URL of s3, gs or az is expected, not of "ftp"`},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "s3.example.com"}, "AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) is not the URL of a server"},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "https://me:hush@s3.example.com"}, "is not the URL of a server"},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "https://s3.example.com/team"}, "has a path"},
		{"gs://team", map[string]string{"STORAGE_EMULATOR_HOST": "ftp://localhost"}, "STORAGE_EMULATOR_HOST is not the URL of a server"},
		{"az://team", nil, "az://team: no storage account is named"},
		{"az://team", azure("AZURE_STORAGE_ACCOUNT", "hush.example.com/x?"), "AZURE_STORAGE_ACCOUNT is not the name of a storage account"},
		{"az://team", azure("AZURE_STORAGE_KEY", "hush!"), "it is not base64"},
		{"az://team", azure("AZURE_STORAGE_KEY", "", "AZURE_STORAGE_SAS_TOKEN", "sig=hush%zz"), "the shared access signature can't be read"},
		{"az://team", azure("AZURE_STORAGE_KEY", "", "AZURE_STORAGE_SERVICE_ENDPOINT", "http://127.0.0.1:1"), "isn't encrypted: it gets no token"},
		{"az://team", azure("AZURE_STORAGE_SERVICE_ENDPOINT", "https://test.blob.core.windows.net?sig=hush"), "the blob endpoint is not the URL of a server"},
		{"az://team", azure(connection, "hush"), connection + " is not a connection string"},
		{"az://team", azure(connection, "AccountName=other;AccountKey=aHVzaA=="), "name different accounts"},
		{"az://team", map[string]string{connection: "AccountKey=aHVzaA=="}, "no storage account is named"},
		{"az://team", map[string]string{connection: "BlobEndpoint=https://x.example.com/?sig=hush;AccountName=test"}, "the blob endpoint is not the URL of a server"},
		{"az://team", map[string]string{connection: "AccountName=test;EndpointSuffix=core.chinacloudapi.cn;AccountKey=hush!"}, "it is not base64"},
	} {
		if b, err := openURL(tt.env, tt.url); err == nil || !strings.Contains(err.Error(), tt.want) || isSecret(strings.Join(append(hint.Of(err), err.Error()), "\n")) {
			t.Errorf("%s with %v: %v, %v, want %q", tt.url, tt.env, b, err, tt.want)
		}
	}
	for prefix, want := range map[string]string{"": "", "/": "", "/a": "a/", "/a//b/": "a/b/", "/.dot": ".dot/", "/../x": "x/"} {
		b, err := openURL(nil, "gs://team"+prefix)
		if err != nil || b.(*gs).prefix != want {
			t.Errorf("%q: %+v, %v, want %q", prefix, b, err, want)
		}
	}
	for text, want := range map[string]string{
		"AccountName=test;AccountKey=aHVzaA==;EndpointSuffix=core.chinacloudapi.cn;DefaultEndpointsProtocol=https": "https://test.blob.core.chinacloudapi.cn",
		"BlobEndpoint=http://127.0.0.1:10000/test;AccountName=test;AccountKey=aHVzaA==":                            "http://127.0.0.1:10000/test",
		"SharedAccessSignature=sig=x;BlobEndpoint=https://test.blob.core.windows.net/":                             "https://test.blob.core.windows.net/",
	} {
		b, err := openURL(map[string]string{connection: text}, "az://team")
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := b.(*az).account.String(); got != want {
			t.Errorf("%s leads to %s, want %s", text, got, want)
		}
	}
}

// A connection string may be anything, and is a secret.
func FuzzConnection(f *testing.F) {
	f.Add("AccountName=test;AccountKey=aHVzaA==;EndpointSuffix=core.windows.net")
	f.Add("BlobEndpoint=https://test.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=hush")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := openURL(map[string]string{variableConnection: text}, "az://team/dot")
		if err == nil && b.(*az).account.Host == "" {
			t.Errorf("%q leads to no server", text)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the text: %v", err)
		}
	})
}
