package ladder

import (
	"fmt"
	"strings"
)

// A KeyProblem says why a key can't identify rows.
type KeyProblem struct {
	Columns []string
	// Missing is the column that a side lacks, "" if both have all of the key.
	Missing string
	// InB is set if the problem is in B, not in A. The fields below are about that
	// side.
	InB bool
	// Nulls is the number of rows in which a column of the key is NULL.
	Nulls int64
	// Repeated is how many values occur more than once. Example is one of the most
	// frequent ones, by column, and Times is how often it occurs.
	Repeated int64
	Example  []string
	Times    int64
}

// Say describes the problem, with a name for each side: "3 values of order_id occur
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

// problem returns the reply as a KeyProblem, nil if there is none. Unreadable numbers
// are left out: the rows were compared without the key anyway.
func (k *replyKey) problem(columns []string) *KeyProblem {
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
