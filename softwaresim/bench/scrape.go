package bench

import (
	"context"

	"ringside/softwaresim/stack"
)

// Scrape reads queueapp's metrics: the value of each series by its name, labels included.
func Scrape(ctx context.Context, info stack.Info) (map[string]float64, error) {
	return scrape(ctx, info)
}
