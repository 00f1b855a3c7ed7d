package stack

import (
	"context"
	"net"
	"strconv"
)

// The second floor: what it is called, and what one dials for it.
const (
	upstairsApp   = "queueapp-" + Upstairs
	upstairsQueue = "8000"
)

func upstairsNumbers() []string { return []string{"8001", "8002"} }

func (s *Stack) upstairs() *instance {
	return &instance{
		server: Upstairs, floor: Upstairs, app: upstairsApp, config: s.place.path(Upstairs + ".toml"),
		plan: s.place.path(Upstairs + "-floorplan.toml"), switches: s.switches[:1],
		api: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ports.upstairs)),
	}
}

func (s *Stack) describeUpstairs() Floor {
	q := s.upstairs()
	return Floor{
		Floor: q.floor, App: q.app, API: q.api, Config: q.config, Floorplan: q.plan, Queue: upstairsQueue,
		Extensions: s.extensions(upstairsNumbers()),
	}
}

// startUpstairs starts the second floor. The tables and the customers are there
// already.
func (s *Stack) startUpstairs(ctx context.Context) error {
	q := s.upstairs()
	srv := s.addQueueapp(q)
	if err := s.family.Run(ctx, s.queueapp(q, "apply", q.plan), srv.log); err != nil {
		return srv.failure(err)
	}
	if err := s.launch(ctx, srv); err != nil {
		return err
	}
	s.minders.Go(func() { s.mind(srv) })
	return nil
}
