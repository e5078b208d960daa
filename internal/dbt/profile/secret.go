package profile

import (
	"regexp"
	"slices"
	"strings"
)

// What is a secret is told by its name, and in doubt it is one: a field that
// is wrongly taken for a secret only goes missing from a comparison of two
// runs, one wrongly taken for harmless is written down.
//
// A name is a secret when it holds one of secretParts, or ends in one of
// secretEnds, and is none of harmlessNames. All below a secret name is secret
// too (keyfile_json: {…}, secrets: […]).
var (
	secretParts = []string{
		"pass", "pwd", "secret", "token", "credential", "private", "access_key", "api_key", "apikey",
		"keyfile", "signature", "cookie", "jwt", "bearer", "authorization", "assertion", "connection_string", "dsn", "header",
	}
	secretEnds    = []string{"key", "key_id", "sas", "otp", "pin", "auth", "_pw"}
	harmlessNames = []string{
		// paths and names of things, in the adapters that have them
		"keyfile", "sslkey", "sort_key", "dist_key", "primary_key", "unique_key", "partition_key", "kms_key", "ssh_key_path",
		"token_endpoint", "token_uri", "auth", "auth_type", "passthrough",
	}
)

// isSecretName tells whether a field or a variable of this name holds a secret.
func isSecretName(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if slices.Contains(harmlessNames, name) {
		return false
	}
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) }) ||
		slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(name, end) })
}

// hidden stands where a secret was.
const hidden = "***"

var (
	// userinfo is what stands before the @ of a URL: a password may be in it, a
	// lone name may be a token.
	userinfo = regexp.MustCompile(`//(?:\{\{.*?\}\}|[^/\s])*@|//[^/\s:@]*:(?:\{\{.*?\}\}|\S)*@`)
	// setting is name=value or name: value, as in queries and connection strings;
	// a value may be Jinja.
	setting = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_-]*)(['"]?\s*[=:]\s*)((?:\{\{.*?\}\}|'[^']*'|"[^"]*"|[^&;,\s'"])+)`)
)

// withoutSecrets replaces the secrets inside a text: passwords in URLs,
// settings with a secret's name, keys in PEM form.
func withoutSecrets(text string) string {
	if strings.Contains(text, "PRIVATE KEY") {
		return hidden
	}
	text = userinfo.ReplaceAllString(text, "//"+hidden+"@")
	return setting.ReplaceAllStringFunc(text, func(found string) string {
		m := setting.FindStringSubmatch(found)
		if !isSecretName(m[1]) {
			// "md:db?token=x" is one setting, md, with another inside.
			return m[1] + m[2] + withoutSecretsInside(m[3])
		}
		return m[1] + m[2] + hidden
	})
}

func withoutSecretsInside(text string) string {
	if !strings.ContainsAny(text, "=:") {
		return text
	}
	return withoutSecrets(text)
}
