package bucketserver

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// objects are those of a stand-in's bucket.
type objects struct {
	mu    sync.Mutex
	all   map[string]object
	times int64 // of creations
}

type object struct {
	text    []byte
	version int64
	changed time.Time
}

// page is how many objects are on a page of a list: few, so that lists have several pages.
const page = 2

func newObjects() *objects { return &objects{all: map[string]object{}} }

// fill creates an object for each file below a directory.
func (o *objects) fill(dir string) error {
	return fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		o.create(name, text)
		return err
	})
}

// create makes an object. It reports whether there was none.
func (o *objects) create(name string, text []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.all[name]; ok {
		return false
	}
	o.times++
	o.all[name] = object{text, o.times, time.Now()}
	return true
}

func (o *objects) get(name string) (object, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one, ok := o.all[name]
	return one, ok
}

func (o *objects) remove(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.all[name]
	delete(o.all, name)
	return ok
}

// list returns the names on a page, and where the next one begins.
func (o *objects) list(prefix, from string) (names []string, next string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name := range o.all {
		if strings.HasPrefix(name, prefix) && name >= from {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > page {
		return names[:page], names[page]
	}
	return names, ""
}

// StandIns starts the stand-ins, with the files of a directory as objects. It returns the environment variables that
// lead to them.
func StandIns(dir string) (env map[string]string, stop func(), err error) {
	env = map[string]string{}
	var servers []*httptest.Server
	stop = func() {
		for _, s := range servers {
			s.Close()
		}
	}
	for _, kind := range []struct {
		handler func(*objects) http.Handler
		at      func(string) *Server
	}{{newGS, gsAt}, {newAZ, azAt}} {
		o := newObjects()
		if dir != "" {
			if err := o.fill(dir); err != nil {
				stop()
				return nil, nil, err
			}
		}
		s := httptest.NewServer(kind.handler(o))
		servers = append(servers, s)
		maps.Copy(env, kind.at(s.URL).env)
	}
	return env, stop, nil
}

func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func gsStandIn(t *testing.T) *Server { return gsAt(serve(t, newGS(newObjects()))) }

func azStandIn(t *testing.T) *Server { return azAt(serve(t, newAZ(newObjects()))) }

// newGS is a stand-in for Google Cloud Storage.
func newGS(o *objects) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		refuse := func(status int, says string) {
			if query.Get("alt") == "media" {
				http.Error(w, says, status)
				return
			}
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": says}})
		}
		path, upload := strings.CutPrefix(r.URL.EscapedPath(), "/upload")
		name, ok := strings.CutPrefix(path, "/storage/v1/b/"+Bucket+"/o")
		if !ok {
			refuse(http.StatusNotFound, "The specified bucket does not exist.")
			return
		}
		name, isObject := strings.CutPrefix(name, "/")
		name = unescape(name)
		one, exists := o.get(name)
		switch {
		case upload && query.Get("uploadType") == "media" && query.Get("ifGenerationMatch") == "0":
			text, err := io.ReadAll(r.Body)
			switch {
			case err != nil:
			case o.create(query.Get("name"), text):
				_, _ = w.Write([]byte("{}"))
			default:
				refuse(http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold.")
			}
		case !isObject && r.Method == http.MethodGet:
			type item struct {
				Name    string    `json:"name"`
				Size    string    `json:"size"`
				Updated time.Time `json:"updated"`
			}
			var answer struct {
				Items []item `json:"items"`
				Next  string `json:"nextPageToken,omitempty"`
			}
			var names []string
			names, answer.Next = o.list(query.Get("prefix"), query.Get("pageToken"))
			for _, name := range names {
				one, _ := o.get(name)
				answer.Items = append(answer.Items, item{name, strconv.Itoa(len(one.text)), one.changed})
			}
			_ = json.NewEncoder(w).Encode(answer)
		case !exists:
			refuse(http.StatusNotFound, "No such object: "+Bucket+"/"+name)
		case r.Method == http.MethodDelete:
			o.remove(name)
			w.WriteHeader(http.StatusNoContent)
		case query.Get("alt") == "media" && query.Get("ifGenerationNotMatch") == strconv.FormatInt(one.version, 10):
			w.WriteHeader(http.StatusNotModified)
		case query.Get("alt") == "media":
			w.Header().Set("X-Goog-Generation", strconv.FormatInt(one.version, 10))
			_, _ = w.Write(one.text)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"size": strconv.Itoa(len(one.text))})
		}
	})
}

// newAZ is a stand-in for Azure Blob Storage. It looks at no signature.
func newAZ(o *objects) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, code string) {
			w.Header().Set("x-ms-error-code", code)
			w.WriteHeader(status)
			if r.Method != http.MethodHead {
				_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
			}
		}
		if r.Header.Get("Authorization") == "" && r.URL.Query().Get("sig") == "" {
			refuse(http.StatusUnauthorized, "NoAuthenticationInformation")
			return
		}
		name, ok := strings.CutPrefix(r.URL.EscapedPath(), "/"+account+"/"+Bucket)
		if !ok {
			refuse(http.StatusNotFound, "ContainerNotFound")
			return
		}
		name, isObject := strings.CutPrefix(name, "/")
		name = unescape(name)
		one, exists := o.get(name)
		tag := fmt.Sprintf(`"0x%X"`, one.version)
		switch {
		case !isObject && r.URL.Query().Get("comp") == "list":
			listAZ(w, r, o)
		case r.Method == http.MethodPut && r.Header.Get("If-None-Match") == "*" && r.Header.Get("x-ms-blob-type") == "BlockBlob":
			text, err := io.ReadAll(r.Body)
			switch {
			case err != nil:
			case o.create(name, text):
				w.WriteHeader(http.StatusCreated)
			default:
				refuse(http.StatusConflict, "BlobAlreadyExists")
			}
		case !exists:
			refuse(http.StatusNotFound, "BlobNotFound")
		case r.Method == http.MethodDelete:
			o.remove(name)
			w.WriteHeader(http.StatusAccepted)
		case r.Header.Get("If-None-Match") == tag:
			refuse(http.StatusNotModified, "ConditionNotMet")
		default:
			w.Header().Set("ETag", tag)
			w.Header().Set("Content-Length", strconv.Itoa(len(one.text)))
			_, _ = w.Write(one.text) // nothing, if only the headers are asked for
		}
	})
}

func listAZ(w http.ResponseWriter, r *http.Request, o *objects) {
	type blob struct {
		Name    string
		Size    int    `xml:"Properties>Content-Length"`
		Changed string `xml:"Properties>Last-Modified"`
	}
	var answer struct {
		XMLName xml.Name `xml:"EnumerationResults"`
		Blobs   []blob   `xml:"Blobs>Blob"`
		Next    string   `xml:"NextMarker"`
	}
	var names []string
	names, answer.Next = o.list(r.URL.Query().Get("prefix"), r.URL.Query().Get("marker"))
	for _, name := range names {
		one, _ := o.get(name)
		answer.Blobs = append(answer.Blobs, blob{name, len(one.text), one.changed.UTC().Format(http.TimeFormat)})
	}
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(answer)
}

func unescape(path string) string {
	name, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return name
}
