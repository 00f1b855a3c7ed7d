package xmpp_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"ringside/queueapp/record"
	"ringside/xmpp"
)

// A CRM in Go: it follows extension 1000 and says what is on its screen.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	screen := record.NewScreen(record.Transient)
	crm, err := xmpp.New(xmpp.Config{JID: "user1@example.org", Password: os.Getenv("PASSWORD"), Resource: "crm"}, xmpp.Handler{
		Status: func(s xmpp.Status) { fmt.Println("connected:", s.Up, s.Reason, s.Err) },
		Item: func(i xmpp.Item) {
			if i.Err != nil || i.Retract {
				return
			}
			for _, change := range screen.Apply(time.Now(), i.Node, i.Call) {
				fmt.Println(change.Verb, change.Call.ID, change.Call.State, change.Call.Customers)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	crm.Subscribe("extension1000", xmpp.SubscribeOptions{})
	if err := crm.Run(ctx); err != nil {
		fmt.Println(err)
	}
}
