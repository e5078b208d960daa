package bucket

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"golang.org/x/oauth2"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
)

// az is a container of Azure Blob Storage, by its REST API.
type az struct {
	place
	web
	account url.URL
	sas     string // a query that has access; "": none
}

// versionAZ is the version of the API.
const versionAZ = "2021-12-02"

// The environment variables, as the Azure CLI has them.
const (
	variableConnection = "AZURE_STORAGE_CONNECTION_STRING"
	variableAccount    = "AZURE_STORAGE_ACCOUNT"
	variableKey        = "AZURE_STORAGE_KEY"
	variableSAS        = "AZURE_STORAGE_SAS_TOKEN"
	variableEndpoint   = "AZURE_STORAGE_SERVICE_ENDPOINT"
)

// accountName matches the name of a storage account.
var accountName = lazy.Regexp(`^[a-z0-9]{3,24}$`)

// containerName matches the name of a container.
var containerName = lazy.Regexp(`^(\$root|\$web|[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$`)

func openAZ(at place) (Bucket, error) {
	account, key, sas, endpoint := at.env(variableAccount), at.env(variableKey), at.env(variableSAS), at.env(variableEndpoint)
	if text := at.env(variableConnection); text != "" {
		c, err := parseConnection(text)
		if err != nil {
			return nil, err
		}
		if account != "" && c["accountname"] != "" && account != c["accountname"] {
			return nil, hint.New(fmt.Sprintf("%s and %s name different accounts", variableAccount, variableConnection), "unset one of them")
		}
		account, key, sas = cmp.Or(c["accountname"], account), c["accountkey"], c["sharedaccesssignature"]
		endpoint = c["blobendpoint"]
		if endpoint == "" && account != "" {
			endpoint = cmp.Or(c["defaultendpointsprotocol"], "https") + "://" + account + ".blob." + cmp.Or(c["endpointsuffix"], "core.windows.net")
		}
	}
	switch {
	case account == "" && (endpoint == "" || key != ""):
		return nil, hint.New(at.shown+": no storage account is named", at.credentials)
	case account != "" && !accountName().MatchString(account):
		return nil, hint.New(variableAccount+" is not the name of a storage account", "it has 3 to 24 small letters and digits")
	case !containerName().MatchString(at.bucket):
		return nil, hint.New(at.shown+": "+at.bucket+" can't be the name of a container", "such as az://container/dot; "+variableAccount+" names the account")
	}
	u, err := server(cmp.Or(endpoint, "https://"+account+".blob.core.windows.net"), "the blob endpoint", "https://account.blob.core.windows.net")
	if err != nil {
		return nil, err
	}
	b := &az{place: at, account: *u}
	switch {
	case key != "":
		secret, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			return nil, hint.New("the key of the storage account is not one of Azure's: it is not base64", variableKey+" or "+variableConnection+" has it")
		}
		b.web = newWeb(func(_ context.Context, r *http.Request) error {
			sign(r, account, secret)
			return nil
		})
	case sas != "":
		b.sas = strings.TrimPrefix(sas, "?")
		if _, err := url.ParseQuery(b.sas); err != nil {
			return nil, hint.New("the shared access signature can't be read", variableSAS+" or "+variableConnection+" has it")
		}
		b.web = newWeb(nil)
	case u.Scheme != "https":
		return nil, hint.New(at.shown+": the server's address isn't encrypted: it gets no token", "use https, or an account's key")
	default:
		b.web = newWeb(at.bearer(azureTokens))
	}
	return b, nil
}

// parseConnection reads a connection string, with its keys in lower case. Its text is a secret.
func parseConnection(text string) (map[string]string, error) {
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok && key != "" {
			return nil, hint.New(variableConnection+" is not a connection string", "such as AccountName=…;AccountKey=…: az storage account show-connection-string")
		}
		all[strings.ToLower(key)] = value
	}
	return all, nil
}

// azureTokens finds the credentials of this machine.
func azureTokens() (oauth2.TokenSource, error) {
	found, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: &http.Client{Transport: newTransport()},
			Retry:     policy.RetryOptions{MaxRetries: attempts - 1, RetryDelay: firstPause, MaxRetryDelay: patience},
		},
	})
	if err != nil {
		return nil, err
	}
	return oauth2.ReuseTokenSource(nil, azureSource{found}), nil
}

type azureSource struct{ azcore.TokenCredential }

func (s azureSource) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), attempts*patience)
	defer cancel()
	got, err := s.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://storage.azure.com/.default"}})
	switch {
	case errors.As(err, new(*url.Error)): // the server of tokens is away
		return nil, err
	case err != nil:
		return nil, errors.New(attempted(err.Error()))
	}
	return &oauth2.Token{AccessToken: got.Token, TokenType: "Bearer", Expiry: got.ExpiresOn}, nil
}

// description matches what a server of tokens says to a person.
var description = lazy.Regexp(`"error_description":\s*"([^"\\]*)`)

// attempted returns the gist of an error of the default credential: which ways to sign in were tried, and what the
// server said.
func attempted(says string) string {
	var gist []string
	for line := range strings.Lines(says) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(line, "\t") && strings.Contains(name, "Credential") {
			way, _, _ := strings.Cut(strings.TrimSpace(line), ". ")
			gist = append(gist, strings.TrimSuffix(way, "."))
		}
	}
	if found := description().FindStringSubmatch(says); found != nil {
		gist = append([]string{found[1]}, gist...)
	}
	if len(gist) == 0 {
		return says
	}
	return strings.Join(gist, "; ")
}

// sign signs a request with an account's key.
func sign(r *http.Request, account string, key []byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed(r, account)))
	r.Header.Set("Authorization", "SharedKey "+account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// signed returns the text that is signed: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
func signed(r *http.Request, account string) string {
	lines := []string{r.Method}
	for _, name := range []string{
		"Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date",
		"If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
	} {
		value := r.Header.Get(name)
		if name == "Content-Length" && r.ContentLength > 0 {
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		lines = append(lines, value)
	}
	var headers []string
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			headers = append(headers, name+":"+strings.Join(values, ","))
		}
	}
	slices.Sort(headers)
	lines = append(append(lines, headers...), "/"+account+r.URL.EscapedPath())
	var query []string
	for name, values := range r.URL.Query() {
		slices.Sort(values)
		query = append(query, strings.ToLower(name)+":"+strings.Join(values, ","))
	}
	slices.Sort(query)
	return strings.Join(append(lines, query...), "\n")
}

// at returns the address of an object, of the container for "".
func (b *az) at(name string, query url.Values) url.URL {
	u := *b.account.JoinPath(b.bucket)
	if name != "" {
		u = *u.JoinPath(strings.Split(url.PathEscape(b.prefix+name), "%2F")...)
	}
	u.RawQuery = encoded(query)
	if b.sas != "" {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+b.sas, "&")
	}
	return u
}

// header returns the headers of each request, and more.
func (b *az) header(more ...string) http.Header {
	h := http.Header{}
	h.Set("x-ms-version", versionAZ)
	h.Set("x-ms-date", time.Now().UTC().Format(http.TimeFormat))
	for pair := range slices.Chunk(more, 2) {
		h.Set(pair[0], pair[1])
	}
	return h
}

func (b *az) Read(ctx context.Context, name, unless string) (io.ReadCloser, string, error) {
	header := b.header()
	if unless != "" {
		header.Set("If-None-Match", unless)
	}
	got, err := b.send(ctx, http.MethodGet, b.at(name, nil), header, nil)
	if err != nil {
		return nil, "", b.explain(ctx, err)
	}
	version := got.Header.Get("ETag")
	if same(got, version, unless) {
		return nil, "", ErrSame
	}
	return got.Body, version, nil
}

func (b *az) Size(ctx context.Context, name string) (int64, error) {
	got, err := b.send(ctx, http.MethodHead, b.at(name, nil), b.header(), nil)
	if err != nil {
		return 0, b.explain(ctx, err)
	}
	return b.sizeOf(got, name)
}

func (b *az) List(ctx context.Context, prefix string) ([]Object, error) {
	var all []Object
	for marker := ""; ; {
		query := url.Values{"restype": {"container"}, "comp": {"list"}, "prefix": {b.prefix + prefix}}
		if marker != "" {
			query.Set("marker", marker)
		}
		text, err := b.whole(ctx, http.MethodGet, b.at("", query), b.header(), nil)
		if err != nil {
			return nil, b.explain(ctx, err)
		}
		var page struct {
			XMLName xml.Name `xml:"EnumerationResults"`
			Blobs   []struct {
				Name       string
				Properties struct {
					Size    int64  `xml:"Content-Length"`
					Changed string `xml:"Last-Modified"`
				}
			} `xml:"Blobs>Blob"`
			Next string `xml:"NextMarker"`
		}
		if err := xml.Unmarshal(text, &page); err != nil {
			return nil, b.unreadable("the list of objects")
		}
		for _, o := range page.Blobs {
			changed, err := http.ParseTime(o.Properties.Changed)
			if err != nil {
				return nil, b.unreadable("the list of objects")
			}
			all = append(all, Object{strings.TrimPrefix(o.Name, b.prefix), o.Properties.Size, changed})
		}
		more, err := isPage(page.Next, marker)
		if !more {
			return all, err
		}
		marker = page.Next
	}
}

func (b *az) Create(ctx context.Context, name string, from *os.File) error {
	body, err := content(from)
	if err != nil {
		return err
	}
	header := b.header("x-ms-blob-type", "BlockBlob", "If-None-Match", "*", "Content-Type", contentType)
	_, err = b.whole(ctx, http.MethodPut, b.at(name, nil), header, body)
	return b.explain(ctx, err)
}

func (b *az) Remove(ctx context.Context, name string) error {
	_, err := b.whole(ctx, http.MethodDelete, b.at(name, nil), b.header("x-ms-delete-snapshots", "include"), nil)
	return removed(b.explain(ctx, err))
}

func (b *az) explain(ctx context.Context, err error) error {
	var a *answer
	if !errors.As(err, &a) {
		return b.place.explain(ctx, err, refusal{})
	}
	code := a.header.Get("x-ms-error-code")
	if code == "" { // a message may quote what was signed
		var about struct{ Code string }
		if xml.Unmarshal(a.body, &about) == nil {
			code = about.Code
		}
	}
	return b.place.explain(ctx, err, refusal{
		status: a.status, says: code,
		noBucket: code == "ContainerNotFound",
		// A signature that may create, but not write, is refused if there is a blob.
		exists: slices.Contains([]string{"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet", "UnauthorizedBlobOverwrite"}, code) && a.status != http.StatusNotModified,
	})
}
