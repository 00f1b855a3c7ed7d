package engine

import (
	"cmp"

	"ringside/ivr"
	"ringside/queueapp"
)

// menuVariable keeps on the channel which menu its caller has gone to, where that is another than he came for: the next
// owner of the floor begins with it again (DESIGN §4.2).
const menuVariable = "QUEUEAPP_MENU"

// openMenu begins with a menu.
func (t *tenure) openMenu(c *call, name string) {
	menu, err := ivr.NewCaller(t.plan.Menus, name, t.plan.Codes)
	if err != nil {
		t.log.Warn("the floor plan has no such menu", "call", c.id, "err", err)
		t.sendOn(c, queueapp.OutcomeUnknownQueue, nil)
		return
	}
	c.menu = name
	t.answer(c)
	t.begin(c, menu)
}

// reopenMenu begins with the menu that the caller was in under the last owner, or else with the one that he came for.
func (t *tenure) reopenMenu(c *call, first string) {
	t.lookups.Go(func() {
		last, err := c.sw.Variable(t.ctx, c.channel.ID, menuVariable)
		t.post(func() {
			if c.gone {
				return
			}
			if err != nil {
				t.log.Warn("it is not known which menu the caller was in; he is back at the first", "call", c.id, "err", err)
			}
			if _, err := ivr.NewCaller(t.plan.Menus, last, t.plan.Codes); err != nil { // none, or gone from the floor plan
				last = ""
			}
			t.openMenu(c, cmp.Or(last, first))
		})
	})
}

// keepMenu notes where the caller goes. Asterisk does so only between prompts: it comes behind the end of one and before the
// begin of the next.
func (t *tenure) keepMenu(c *call, d ivr.Dialogue) {
	if caller, ok := d.(*ivr.Caller); ok && caller.Menu() != c.menu {
		c.menu = caller.Menu()
		c.sw.SetVariables(c.channel.ID, Variable{menuVariable, c.menu})
	}
}

// forgetMenu is what a caller who came for a menu is sent on with: should he come again, it is from the beginning.
func (c *call) forgetMenu() []Variable {
	if args, err := ivr.ParseArgs(c.channel.Args); err != nil || args.Kind != ivr.KindMenu {
		return nil
	}
	return []Variable{{menuVariable, ""}}
}
