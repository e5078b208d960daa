package profile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
)

// Scope has what Jinja outside of models can see. In profiles.yml and the head of dbt_project.yml,
// dbt provides only env_var and the vars of the command line.
type Scope struct {
	Env  func(name string) (string, bool) // like os.LookupEnv; nil means no variables
	Vars map[string]any                   // from --vars

	rendered *sync.Map // results by their texts; nil keeps none
}

// A rendering is the result of rendering a text.
type rendering struct {
	out    string
	secret bool
	err    error
}

// remembering returns a scope that renders each text once: for each rendering, the library compiles two regular
// expressions. The scope's variables must not change from now on.
func (s Scope) remembering() Scope {
	s.rendered = new(sync.Map)
	return s
}

// The texts to evaluate are names and paths. The limits keep a text from an old commit from costing
// time or memory. There are no loops and no operator that repeats, so a result is at most as long
// as the text times the longest value.
const (
	maxJinjaText  = 4 << 10  // bytes of a text to evaluate, and of each value inserted
	maxJinjaValue = 64 << 10 // bytes of any result, intermediate ones too
)

// secretEnvPrefix starts the names of variables that dbt keeps out of its logs.
const secretEnvPrefix = "DBT_ENV_SECRET_"

// Render evaluates text as dbt would. Text without Jinja comes back unchanged. It understands only
// what names and paths need: env_var, var, if, a few filters and string methods. Anything else is
// an error, and so are undefined names and unset variables. It never reads a file. No error holds
// the value of a variable.
func (s Scope) Render(text string) (string, error) {
	out, _, err := s.render(text)
	return out, err
}

// render is Render, and also reports whether the result includes a variable that its name marks as
// a secret.
func (s Scope) render(text string) (out string, secret bool, err error) {
	if !HasJinja(text) {
		return text, false, nil
	}
	if s.rendered == nil {
		return s.evaluate(text)
	}
	if known, ok := s.rendered.Load(text); ok {
		r := known.(rendering)
		return r.out, r.secret, r.err
	}
	out, secret, err = s.evaluate(text)
	s.rendered.Store(text, rendering{out, secret, err})
	return out, secret, err
}

// evaluate is render for text with Jinja.
func (s Scope) evaluate(text string) (out string, secret bool, err error) {
	source, err := plainJinja(text)
	if err != nil {
		return "", false, err
	}

	run := &jinjaRun{scope: s}
	defer func() {
		// The library panics on some input, such as a division by zero.
		if p := recover(); p != nil {
			out, err = "", unknownJinja(source, errors.New("panic"))
		}
	}()
	template, err := exec.NewTemplate(jinjaRoot, jinjaConfig(), textLoader{source}, run.environment())
	if err != nil {
		return "", false, unknownJinja(source, err)
	}
	buf := &boundedBuffer{}
	err = template.Execute(buf, nil)
	if run.failed != nil {
		// The library's version of this error is longer, or lost inside a list.
		return "", false, run.failed
	}
	if err != nil {
		return "", false, unknownJinja(source, err)
	}
	return buf.String(), run.secret, nil
}

// HasJinja reports whether text contains Jinja.
func HasJinja(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

func jinjaConfig() *config.Config {
	c := config.New()
	c.StrictUndefined = true
	return c
}

// unknownThing matches, in the library's error, the word of the template that it does not know.
var unknownThing = lazy.Regexp(`(?:name "|filter '|test ')(\w+)["']`)

// unknownJinja rewords an error of the library, whose own text quotes values.
func unknownJinja(source string, err error) error {
	msg := "this Jinja can't be evaluated"
	for _, m := range unknownThing().FindAllStringSubmatch(err.Error(), -1) {
		if strings.Contains(source, m[1]) { // the innermost one is last
			msg = m[1] + " is not known here"
		}
	}
	if errors.Is(err, errJinjaTooLong) {
		msg = errJinjaTooLong.Error()
	}
	return hint.New(msg, "dot evaluates env_var, var, if, comparisons, ~ and filters such as lower")
}

// jinjaRoot is the name of the only template.
const jinjaRoot = "text"

// textLoader holds one text and knows no files. The library's own loaders would let {% include %}
// read any file of the machine.
type textLoader struct{ text string }

func (l textLoader) Read(name string) (io.Reader, error) {
	if name != jinjaRoot {
		return nil, errors.New("files can't be read here")
	}
	return strings.NewReader(l.text), nil
}

func (l textLoader) Resolve(name string) (string, error) {
	if name != jinjaRoot {
		return "", errors.New("files can't be read here")
	}
	return name, nil
}

func (l textLoader) Inherit(string) (loaders.Loader, error) { return l, nil }

// boundedBuffer refuses to grow beyond maxJinjaValue.
type boundedBuffer struct{ strings.Builder }

func (b *boundedBuffer) Write(p []byte) (int, error) { return b.WriteString(string(p)) }

func (b *boundedBuffer) WriteString(s string) (int, error) {
	if b.Len()+len(s) > maxJinjaValue {
		return 0, errJinjaTooLong
	}
	return b.Builder.WriteString(s)
}

var errJinjaTooLong = fmt.Errorf("the result is longer than %d bytes", maxJinjaValue)
