package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"ringside/queueapp/record"
	"ringside/xmpp"
)

// tryXMPP logs in with a resource of its own, so that a queueapp that runs keeps its session, and makes, whitelists and
// deletes a node of its own.
func (d *doctor) tryXMPP(ctx context.Context) {
	password, err := d.config.XMPP.Password.Read()
	if err != nil {
		d.ill("xmpp", err)
		return
	}
	bare, _, _ := strings.Cut(d.config.XMPP.JID, "/")
	first := make(chan xmpp.Status, 1)
	client, err := xmpp.New(xmpp.Config{
		JID: bare, Resource: "doctor-" + rand.Text(), Password: password, Servers: []string{d.config.XMPP.Address},
		CAFile: d.config.XMPP.CAFile, PubSub: d.config.XMPP.PubSub, NoPresence: true,
	}, xmpp.Handler{Status: func(s xmpp.Status) {
		select {
		case first <- s:
		default: // only the first says whether it can log in
		}
	}})
	if err != nil {
		d.ill("xmpp", err)
		return
	}
	session, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- client.Run(session) }()
	d.useXMPP(ctx, client, first)
	end()
	if err := <-ended; err != nil {
		d.ill("xmpp", err)
	}
}

func (d *doctor) useXMPP(ctx context.Context, client *xmpp.Client, first <-chan xmpp.Status) {
	select {
	case s := <-first:
		if !s.Up {
			d.ill("xmpp", errors.Join(s.Err))
			return
		}
		d.well("xmpp", "logged in as "+client.JID()+" at "+d.config.XMPP.Address)
	case <-ctx.Done():
		d.ill("xmpp", fmt.Errorf("%s does not answer: check [xmpp] address", d.config.XMPP.Address))
		return
	}
	if err := tryNode(ctx, client); err != nil {
		d.ill("pubsub", err)
		return
	}
	d.well("pubsub", "a node was made, whitelisted and deleted on "+d.config.XMPP.PubSub)
}

// tryNode makes a node as an extension's is, and leaves nothing behind where the server lets it.
func tryNode(ctx context.Context, client *xmpp.Client) error {
	node := "ringside-doctor-" + rand.Text()
	err := client.SetNode(ctx, xmpp.Node{Name: node, Mode: record.Transient, Members: []string{client.JID()}})
	if err == nil {
		err = client.CheckNode(ctx, node)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if gone := client.DeleteNode(last, node); err == nil {
		err = gone // else it may never have been there
	}
	return err
}
