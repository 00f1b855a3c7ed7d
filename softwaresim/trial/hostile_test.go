package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
)

// hostileNames are names that a network or a list may bring.
func hostileNames() []string {
	return []string{
		`O'Neil & <Söns>`,
		`"Quoted" \ back\\slash`,
		`<call xmlns='ringside:call:1'/> ]]> &amp;`,
		`🎉 Zoë 東京 👩‍👩‍👧`,
		"tab\tbell\abackspace\bescape\x1b[31mred",
		"line\r\nX-Evil: 1",
		"right\u202eto left",
		`${SHELL(rm)} %s%n;|,`,
		`"><sip:evil@example.com>`,
		strings.Repeat("x", 200),
		strings.Repeat("ä", 200),
		strings.Repeat(`"`, 200),
		"broken \xff\xfe UTF-8 \xc3",
		"",
	}
}

// asClean is what is to be shown of a name: one line of text, with nothing in it that turns its direction.
func asClean(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, name)
	return strings.Join(strings.Fields(name), " ")
}

// asAsterisk is what Asterisk hands on of a From header's name: the escapes of its quoted-string are left in, what is no
// UTF-8 is left out, and 79 bytes at most, of whole characters.
func asAsterisk(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c == '\r' || c == '\n':
			c = ' ' // so the phone already
		case c == '"' || c == '\\' || c < ' ' && c != '\t':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	name = strings.ToValidUTF8(b.String(), "")
	if len(name) > 79 {
		name = strings.ToValidUTF8(name[:79], "")
	}
	return asClean(name)
}

// Callers' names and numbers come from strangers. They arrive whole where they can, clean where they cannot, and never
// keep a call from its agent.
func TestHostileCallers(t *testing.T) {
	s := newSiteWithDialplan(t)
	rings := s.agent("1000", briefly).Watch()
	defer rings.Close()
	x := s.extension("1000")
	screen := s.crm(x.JID, x.JIDPassword, "1000")
	shown := screen.Watch()
	defer shown.Close()
	for _, name := range hostileNames() {
		want := asAsterisk(name)
		who := phone.Party{Name: name, Number: newCaller().Number}
		call := s.callAs(who, "7107")
		invite := s.invited(rings)
		display := plainText(t, invite.From.Name, 80)
		if !strings.HasPrefix(display, outside.Ours) || !sameBegin(strings.TrimPrefix(display, outside.Ours), want) && name != "" {
			t.Errorf("caller %q: the phone displays %q", name, display)
		}
		e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
		s.must(err)
		if got := plainText(t, e.Call.Caller.Name, record.MaxText); got != want || e.Call.Caller.Number != who.Number {
			t.Errorf("caller %q: the CRM shows %q <%s>", name, got, e.Call.Caller.Number)
		}
		_, err = call.AwaitEnd(s.ctx)
		s.must(err)
	}
	for _, number := range []string{`<script>&"'`, strings.Repeat("9", 300), "+49 (30) 1234", "ünïcode", "\xff\xfe"} {
		call := s.callAs(phone.Party{Name: "Eve", Number: number}, "7107")
		invite := s.invited(rings)
		e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
		s.must(err)
		plainText(t, e.Call.Caller.Number, record.MaxText)
		t.Logf("number %q: the phone shows %q, the CRM %q", number, invite.From.Number, e.Call.Caller.Number)
		_, err = call.AwaitEnd(s.ctx)
		s.must(err)
	}
	for _, e := range screen.Events() {
		switch e.Kind {
		case crm.Unreadable:
			t.Errorf("the CRM could not read what came: %s", e.Reason)
		case crm.Chatted:
			plainText(t, e.Text, 4096)
		}
	}
}

// plainText finds a text that anybody may show: valid, of one line, without what controls a terminal, and not too long.
func plainText(t *testing.T, text string, most int) string {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > most {
		t.Errorf("%q was shown", text)
	}
	return text
}

// sameBegin compares what may have been cut.
func sameBegin(cut, whole string) bool {
	cut = strings.Join(strings.Fields(cut), " ")
	cut, was := strings.CutSuffix(cut, "…")
	return cut == whole || was && len(cut) > 40 && strings.HasPrefix(whole, cut)
}

// Customers come from a site's own lists, which are no better than what was typed into them.
func TestHostileCustomers(t *testing.T) {
	s := newSiteWithDialplan(t)
	rings := s.agent("1000", briefly).Watch()
	defer rings.Close()
	x := s.extension("1000")
	screen := s.crm(x.JID, x.JIDPassword, "1000")
	shown := screen.Watch()
	defer shown.Close()
	for who, name := range s.hostileCustomers() {
		want := asClean(name)
		call := s.callAs(who, "7110")
		invite := s.invited(rings)
		if display := plainText(t, invite.From.Name, 80); !sameBegin(strings.TrimPrefix(display, outside.Ours), want) {
			t.Errorf("customer %q: the phone displays %q", name, display)
		}
		e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
		s.must(err)
		if len(e.Call.Customers) != 1 {
			t.Fatalf("customer %q: the CRM shows %+v", name, e.Call)
		}
		c := e.Call.Customers[0]
		note, _ := c.Data.Get("note")
		if plainText(t, c.Name, record.MaxText) != want || plainText(t, note, record.MaxText) != want || c.URL != hostileURL {
			t.Errorf("customer %q: the CRM shows %+v", name, c)
		}
		_, err = call.AwaitEnd(s.ctx)
		s.must(err)
	}
	s.until("chats", func() bool {
		return slices.ContainsFunc(screen.Events(), func(e crm.Event) bool { return e.Kind == crm.Chatted })
	})
}

const hostileURL = "https://crm.example/?a=1&b=<2>"

// hostileCustomers imports a customer of each hostile name, by the number that is to call, and returns them. Those that
// are no text at all it finds refused, with their lines, and nobody imported.
func (s *site) hostileCustomers() map[phone.Party]string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "customers.csv")
	load := func(rows string) (string, error) {
		s.must(os.WriteFile(file, []byte("code,name,url,note\n"+rows), 0o600))
		return s.queueapp("customers", "import", file)
	}
	customers := map[phone.Party]string{}
	var good, bad strings.Builder
	lines := 1
	for _, name := range hostileNames() {
		who, quoted := newCaller(), `"`+strings.ReplaceAll(name, `"`, `""`)+`"`
		row := fmt.Sprintf("%s,%s,%q,%s\n", who.Number, quoted, hostileURL, quoted)
		switch {
		case name == "":
		case !utf8.ValidString(name) || strings.Contains(name, "\x1b"):
			lines++
			bad.WriteString(row)
		default:
			good.WriteString(row)
			customers[who] = name
		}
	}
	out, err := load(bad.String())
	for n := 2; n <= lines; n++ {
		if line := fmt.Sprintf("line %d: name", n); err == nil || lines < 3 || !strings.Contains(out, line) {
			s.t.Errorf("%s is not complained of: %s", line, out)
		}
	}
	if out, err := load(good.String()); err != nil {
		s.t.Fatalf("import: %s", out)
	}
	return customers
}

// A phone that refuses every call gets few: no storm at the phone, no flicker on the screen (DESIGN §4.5).
func TestAPhoneThatRefusesEveryCall(t *testing.T) {
	s := newSite(t)
	var nth atomic.Int64
	p := s.agent("1000", phone.NeverAnswer())
	p.BehaveBy(func(*phone.Call) phone.Behaviour {
		return phone.RefuseWith([]int{486, 603, 480, 500, 404}[(nth.Add(1)-1)%5])
	})
	x := s.extension("1000")
	screen := s.crm(x.JID, x.JIDPassword, "1000")
	rings := p.Watch()
	defer rings.Close()
	var waiting []*phone.Call
	for range 10 {
		waiting = append(waiting, s.callAs(newCaller(), "7000"))
	}
	s.until("all wait", func() bool { return len(s.calls()) == len(waiting) })
	const whole = 6 * time.Second
	s.must(waiting[0].Play(s.ctx, []phone.Step{{Wait: whole}}, phone.KeyTiming{}))
	for _, c := range waiting {
		s.must(c.Hangup(s.ctx))
	}
	s.settled()
	var times []time.Time
	for {
		e, err := rings.Next(s.within(50*time.Millisecond), phone.InviteReceived)
		if err != nil {
			break
		}
		times = append(times, e.At)
	}
	opened := 0
	for _, e := range screen.Events() {
		if e.Kind == crm.Opened {
			opened++
		}
	}
	t.Logf("%d INVITEs and %d pop-ups in %v, with %d callers waiting", len(times), opened, whole, len(waiting))
	if len(times) < 3 || len(times) > int(whole/(2*time.Second))+1 || opened != len(times) {
		t.Errorf("%d INVITEs and %d pop-ups", len(times), opened)
	}
	for i := 1; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); d < time.Second {
			t.Errorf("an INVITE %v after the one before", d)
		}
	}
}
