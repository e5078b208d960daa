package ladder

import (
	"fmt"
	"strings"
)

// A KeyProblem is why a key can't tell rows apart.
type KeyProblem struct {
	Columns []string
	// Missing is the column that not both sides have, "" if they have all.
	Missing string
	// InB is set where B was found wanting, and not A. The rest is of that side.
	InB bool
	// Nulls is in how many rows a column of the key is NULL; 0: in none.
	Nulls int64
	// Repeated is how many values occur more than once; Example is one of those
	// that do so most often, by column, and Times how often it does.
	Repeated int64
	Example  []string
	Times    int64
}

// Say puts it in words, with a name for each side: "3 values of order_id occur
// more than once in prod@4521a86, such as 17 (4 times)".
func (k KeyProblem) Say(a, b string) string {
	side := a
	if k.InB {
		side = b
	}
	columns := strings.Join(k.Columns, ", ")
	switch {
	case k.Missing != "":
		return fmt.Sprintf("%s and %s don't both have a column %s", a, b, k.Missing)
	case k.Nulls == 1:
		return fmt.Sprintf("%s is NULL in 1 row of %s", columns, side)
	case k.Nulls > 0:
		return fmt.Sprintf("%s is NULL in %d rows of %s", columns, k.Nulls, side)
	case k.Repeated == 1:
		return fmt.Sprintf("1 value of %s occurs more than once in %s: %s (%d times)", columns, side, strings.Join(k.Example, ", "), k.Times)
	}
	return fmt.Sprintf("%d values of %s occur more than once in %s, such as %s (%d times)", k.Repeated, columns, side, strings.Join(k.Example, ", "), k.Times)
}

// problem is the answer as a KeyProblem, nil if there is none. What can't be read
// of it is left out: the rows were told apart without the key all the same.
func (k *answerKey) problem(columns []string) *KeyProblem {
	if k == nil {
		return nil
	}
	out := KeyProblem{Columns: columns, InB: k.Side == "b"}
	count, _ := number(&k.Count)
	switch k.Problem {
	case "missing":
		out.Missing = k.Column
	case "null":
		out.Nulls = count
	default:
		out.Repeated = count
		out.Times, _ = number(&k.Times)
		for _, value := range k.Example {
			if value != nil {
				out.Example = append(out.Example, shorten(*value, 50))
			}
		}
	}
	return &out
}
