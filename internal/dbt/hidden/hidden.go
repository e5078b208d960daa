// Package hidden knows the text that dbt prints in place of a secret. It knows neither secrets nor
// artifacts.
package hidden

import "strings"

// Text is what dbt prints in place of the value of a variable DBT_ENV_SECRET_*: in its log, its events
// and the output of dbt list, in whatever text has the value, such as a model's name. The artifacts
// have the texts as they are.
const Text = "*****"

// In reports whether dbt has hidden a secret's value in a node's id. No id has such a text by itself.
func In(id string) bool { return strings.Contains(id, Text) }
