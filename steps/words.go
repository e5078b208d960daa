package steps

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// ago says how long ago a time was.
func (c *compiler) ago(t time.Time) string {
	now := c.world.Now()
	if now.Sub(t).Abs() < time.Second {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// plural counts things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
