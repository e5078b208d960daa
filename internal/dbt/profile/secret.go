package profile

import (
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// The name of a field or variable decides whether it is a secret, and in doubt it is. If a harmless
// field is taken for a secret, it only goes missing from a comparison of two runs. A secret that is
// taken for harmless is written down.
//
// A name is a secret if it contains one of secretParts or ends in one of secretEnds, and is not in
// harmlessNames. Everything below a secret name is secret, too (keyfile_json: {…}, secrets: […]).
var (
	secretParts = []string{
		"pass", "pwd", "secret", "token", "credential", "private", "access_key", "api_key", "apikey",
		"keyfile", "signature", "cookie", "jwt", "bearer", "authorization", "assertion", "connection_string", "dsn", "header",
	}
	secretEnds    = []string{"key", "key_id", "sas", "otp", "pin", "auth", "_pw"}
	harmlessNames = []string{
		// Paths and names of things, in adapters that have them.
		"keyfile", "sslkey", "sort_key", "dist_key", "primary_key", "unique_key", "partition_key", "kms_key", "ssh_key_path",
		"token_endpoint", "token_uri", "auth", "auth_type", "passthrough",
	}
)

// isSecretName reports whether a field or a variable of this name holds a secret.
func isSecretName(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if slices.Contains(harmlessNames, name) {
		return false
	}
	return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(name, part) }) ||
		slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(name, end) })
}

// hidden replaces a secret.
const hidden = "***"

var (
	// userinfo matches the part before the @ of a URL. It may contain a password, and a name alone
	// may be a token.
	userinfo = lazy.Regexp(`//(?:\{\{.*?\}\}|[^/\s])*@|//[^/\s:@]*:(?:\{\{.*?\}\}|\S)*@`)
	// setting matches name=value or name: value, as in queries and connection strings. The value
	// may be Jinja.
	setting = lazy.Regexp(`([A-Za-z][A-Za-z0-9_-]*)(['"]?\s*[=:]\s*)((?:\{\{.*?\}\}|'[^']*'|"[^"]*"|[^&;,\s'"])+)`)
)

// withoutSecrets replaces the secrets inside a text: passwords in URLs, settings with a secret's
// name, keys in PEM form.
func withoutSecrets(text string) string {
	if strings.Contains(text, "PRIVATE KEY") {
		return hidden
	}
	text = userinfo().ReplaceAllString(text, "//"+hidden+"@")
	return setting().ReplaceAllStringFunc(text, func(found string) string {
		m := setting().FindStringSubmatch(found)
		if !isSecretName(m[1]) {
			// "md:db?token=x" is a setting, md, with another one inside.
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
