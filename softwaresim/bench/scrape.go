package bench

import (
	"context"

	"ringside/softwaresim/stack"
)

// Load is how many processes of this machine waited for a processor over the last minute, 0 where it is not known.
func Load() float64 { return load() }

// Scrape reads queueapp's metrics: the value of each series by its name, labels included.
func Scrape(ctx context.Context, info stack.Info) (map[string]float64, error) {
	return scrape(ctx, info)
}
