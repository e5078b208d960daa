package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// A modifiedFlag is --modified, which may have a value. It is "" if it isn't given.
type modifiedFlag string

// The values of --modified.
const (
	modifiedByDBT      modifiedFlag = "true" // without a value
	modifiedByCompiled modifiedFlag = "compiled"
)

// IsBool makes the flag one that needs no value.
func (modifiedFlag) IsBool() bool { return true }

// Decode reads the value, if there is one.
func (m *modifiedFlag) Decode(ctx *kong.DecodeContext) error {
	*m = modifiedByDBT
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	switch value := ctx.Scan.Pop().String(); value {
	case "true":
	case "false":
		*m = ""
	case string(modifiedByCompiled):
		*m = modifiedByCompiled
	default:
		return fmt.Errorf("expected nothing or compiled, found %q", value)
	}
	return nil
}
