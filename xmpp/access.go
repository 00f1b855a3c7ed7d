package xmpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"mellium.im/xmpp/jid"

	"ringside/queueapp/record"
)

type nodeConfigIn struct {
	Configure struct {
		X formIn `xml:"jabber:x:data x"`
	} `xml:"http://jabber.org/protocol/pubsub#owner configure"`
}

type affiliationsIn struct {
	Affiliations struct {
		List []affiliation `xml:"affiliation"`
	} `xml:"http://jabber.org/protocol/pubsub#owner affiliations"`
}

type subscriptionsIn struct {
	Subscriptions struct {
		List []ownedSubscription `xml:"subscription"`
	} `xml:"http://jabber.org/protocol/pubsub#owner subscriptions"`
}

// setting is one field of a node's configuration.
type setting struct {
	name, value string
	vital       bool // a node where it is otherwise is not published to
	must        bool // and a server that does not have the field is not trusted either
}

const (
	formNodeConfig = "http://jabber.org/protocol/pubsub#node_config"
	persistItems   = "pubsub#persist_items"
)

// settings are the configuration of a node of mode m (XEP-0060 §16.4.4).
func settings(m record.Mode) []setting {
	keep := "0"
	if m == record.Current {
		keep = "1"
	}
	return []setting{
		{"pubsub#access_model", "whitelist", true, true},
		{"pubsub#publish_model", "publishers", true, true},
		{persistItems, keep, true, false},
		{"pubsub#max_items", "1", m == record.Current, false},
		{"pubsub#send_last_published_item", "never", false, false},
		{"pubsub#deliver_notifications", "1", false, false},
		{"pubsub#deliver_payloads", "1", false, false},
		{"pubsub#notify_retract", "1", false, false},
		{"pubsub#notify_delete", "1", false, false},
	}
}

func (s setting) is(value string) bool {
	switch value {
	case "true":
		value = "1"
	case "false":
		value = "0"
	}
	return value == s.value
}

// configForm is the form that submits the settings.
func configForm(list []setting) *formOut {
	form := &formOut{Type: "submit", Fields: []formField{{Var: "FORM_TYPE", Type: "hidden", Value: []string{formNodeConfig}}}}
	for _, f := range list {
		form.Fields = append(form.Fields, formField{Var: f.name, Value: []string{f.value}})
	}
	return form
}

// reconcile makes the server's side of a node what want says.
func (s *session) reconcile(ctx context.Context, want Node) error {
	if err := s.configure(ctx, want); err != nil {
		return err
	}
	if err := s.affiliate(ctx, want); err != nil {
		return err
	}
	return s.enrol(ctx, want)
}

// configure creates the node if there is none, and sees to its configuration. It believes only what it reads back.
func (s *session) configure(ctx context.Context, want Node) error {
	list := settings(want.Mode)
	form, err := s.nodeConfig(ctx, want.Name)
	if isCondition(err, "item-not-found") {
		create := pubsubOut{Create: &nodeOut{want.Name}, Configure: &configureOut{Form: configForm(list)}}
		_, err = request[nothing](ctx, s, "set", s.c.cfg.PubSub, create)
		if err != nil && !isCondition(err, "conflict") { // somebody was faster
			return fmt.Errorf("create it: %w", hintOwner(err, s.c))
		}
		form, err = s.nodeConfig(ctx, want.Name)
	}
	if err != nil {
		return fmt.Errorf("read its configuration: %w", hintOwner(err, s.c))
	}
	wrong := differing(list, form)
	if len(wrong) == 0 {
		return nil
	}
	if slices.ContainsFunc(wrong, func(f setting) bool { return f.name == persistItems && f.value == "0" }) {
		// ejabberd goes on handing out what a node kept when it no longer keeps anything.
		if _, err := request[nothing](ctx, s, "set", s.c.cfg.PubSub, ownerOut{Purge: &nodeOut{want.Name}}); err != nil {
			return fmt.Errorf("purge it: %w", hintOwner(err, s.c))
		}
	}
	repair := ownerOut{Configure: &configureOut{Node: want.Name, Form: configForm(wrong)}}
	_, setErr := request[nothing](ctx, s, "set", s.c.cfg.PubSub, repair)
	if form, err = s.nodeConfig(ctx, want.Name); err != nil {
		return fmt.Errorf("read its configuration: %w", err)
	}
	for _, f := range differing(list, form) {
		if value, there := form.get(f.name); f.vital {
			if !there {
				value = "unknown"
			}
			return errors.Join(fmt.Errorf("%w: its %s is %s and cannot be made %s; delete the node, or use a pubsub service that has it",
				ErrNotPrivate, f.name, record.CleanText(value, 40), f.value), setErr)
		}
	}
	return nil
}

func (s *session) nodeConfig(ctx context.Context, node string) (formIn, error) {
	in, err := request[struct {
		PubSub nodeConfigIn `xml:"http://jabber.org/protocol/pubsub#owner pubsub"`
	}](ctx, s, "get", s.c.cfg.PubSub, ownerOut{Configure: &configureOut{Node: node}})
	return in.PubSub.Configure.X, err
}

// differing returns the settings that form has otherwise, or has not though it must.
func differing(list []setting, form formIn) []setting {
	var out []setting
	for _, f := range list {
		if value, there := form.get(f.name); there && !f.is(value) || !there && f.must {
			out = append(out, f)
		}
	}
	return out
}

// hintOwner adds the usual remedy to a refusal.
func hintOwner(err error, c *Client) error {
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Forbidden() {
		return fmt.Errorf("%w; let %s create nodes at %s (Prosody: admins of the component; ejabberd: access_createnode), or delete a node that another account made", err, c.me, c.cfg.PubSub)
	}
	return err
}

// affiliate makes the members, and nobody else, members. Other affiliations go, a second owner's too: all of them may
// receive.
func (s *session) affiliate(ctx context.Context, want Node) error {
	in, err := request[struct {
		PubSub affiliationsIn `xml:"http://jabber.org/protocol/pubsub#owner pubsub"`
	}](ctx, s, "get", s.c.cfg.PubSub, ownerOut{Affiliations: &affiliationsOut{Node: want.Name}})
	if err != nil {
		return fmt.Errorf("read its affiliations: %w", err)
	}
	me := s.c.me.String()
	right := map[string]string{me: "owner"}
	for _, m := range want.Members {
		right[m] = "member"
	}
	var wrong []affiliation
	for _, a := range in.PubSub.Affiliations.List {
		want, listed := right[bare(a.JID)]
		switch {
		case listed && a.Affiliation == want:
			delete(right, bare(a.JID))
		case !listed && a.Affiliation != "none" && a.Affiliation != "outcast":
			wrong = append(wrong, affiliation{a.JID, "none"})
		}
	}
	for m, a := range right {
		wrong = append(wrong, affiliation{m, a})
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.SortFunc(wrong, func(a, b affiliation) int { return cmp.Compare(a.JID, b.JID) })
	set := ownerOut{Affiliations: &affiliationsOut{Node: want.Name, List: wrong}}
	if _, err := request[nothing](ctx, s, "set", s.c.cfg.PubSub, set); err != nil {
		return fmt.Errorf("set its affiliations: %w", err)
	}
	return nil
}

// enrol takes those off the node's subscriptions who may not receive, and with Enrol puts the members on. Taking away an
// affiliation leaves a subscription where it is, at least one of a full JID.
func (s *session) enrol(ctx context.Context, want Node) error {
	in, err := request[struct {
		PubSub subscriptionsIn `xml:"http://jabber.org/protocol/pubsub#owner pubsub"`
	}](ctx, s, "get", s.c.cfg.PubSub, ownerOut{Subscriptions: &subscriptionsOut{Node: want.Name}})
	if err != nil {
		return fmt.Errorf("read its subscriptions: %w", err)
	}
	missing := map[string]bool{}
	for _, m := range want.Members {
		missing[m] = want.Enrol
	}
	var wrong []ownedSubscription
	for _, sub := range in.PubSub.Subscriptions.List {
		if sub.Subscription == "none" {
			continue
		}
		if _, member := missing[bare(sub.JID)]; !member {
			wrong = append(wrong, ownedSubscription{sub.JID, "none", sub.SubID})
		} else if sub.JID == bare(sub.JID) && sub.Subscription == "subscribed" {
			missing[sub.JID] = false
		}
	}
	for _, m := range want.Members {
		if missing[m] {
			wrong = append(wrong, ownedSubscription{m, "subscribed", ""})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	set := ownerOut{Subscriptions: &subscriptionsOut{Node: want.Name, List: wrong}}
	if _, err := request[nothing](ctx, s, "set", s.c.cfg.PubSub, set); err != nil {
		return fmt.Errorf("set its subscriptions: %w", err)
	}
	return nil
}

// bare returns the bare JID of what a server says is one.
func bare(s string) string {
	j, err := jid.Parse(s)
	if err != nil {
		return s
	}
	return j.Bare().String()
}
