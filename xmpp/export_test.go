package xmpp

import "context"

// SendRaw writes text to the stream as it is: what our own code would never send.
func (c *Client) SendRaw(ctx context.Context, text string) error {
	s, err := c.session()
	if err != nil {
		return err
	}
	return s.send(ctx, []byte(text))
}

// Full is the session's full JID.
func (c *Client) Full() string {
	s, err := c.session()
	if err != nil {
		return ""
	}
	return s.full
}
