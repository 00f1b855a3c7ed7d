package stack

import (
	"crypto/md5"
	"crypto/rand"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A phone speaks just enough SIP to see what Asterisk makes of it.
type phone struct {
	t      *testing.T
	conn   *net.UDPConn
	user   string
	server string
	cseq   int
	invite string          // the last one sent
	seen   map[string]bool // calls that have rung
}

func newPhone(t *testing.T, server, user string) *phone {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp", nil, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &phone{t: t, conn: conn, user: user, server: server, seen: make(map[string]bool)}
}

// send makes a request. The same call id with another authorization is the
// answer to a challenge.
func (p *phone) send(method, to, callID, authorization string) {
	p.t.Helper()
	p.cseq++
	us, aor, body := p.conn.LocalAddr().String(), to, ""
	if method == "REGISTER" {
		aor = p.user + "@" + to
	}
	host, _, _ := net.SplitHostPort(us)
	if method == "INVITE" {
		body = fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 39999 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", host, host)
	}
	lines := []string{
		fmt.Sprintf("%s sip:%s SIP/2.0", method, to),
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport", us, rand.Text()),
		"Max-Forwards: 70",
		fmt.Sprintf("From: <sip:%s@%s>;tag=%s", p.user, p.server, callID),
		fmt.Sprintf("To: <sip:%s>", aor),
		"Call-ID: " + callID,
		fmt.Sprintf("CSeq: %d %s", p.cseq, method),
		fmt.Sprintf("Contact: <sip:%s@%s>", p.user, us),
		"Expires: 60",
	}
	if authorization != "" {
		lines = append(lines, "Authorization: "+authorization)
	}
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body)
	message := strings.Join(lines, "\r\n")
	if method == "INVITE" {
		p.invite = message
	}
	if _, err := p.conn.Write([]byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads until a message starts with one of the beginnings.
func (p *phone) expect(beginnings ...string) string {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	buf := make([]byte, 4000)
	for {
		n, err := p.conn.Read(buf)
		if err != nil {
			p.t.Fatalf("phone %s waited for %q: %v", p.user, beginnings, err)
		}
		if strings.HasPrefix(string(buf[:n]), "OPTIONS") { // is this phone still there?
			p.respond(string(buf[:n]), "200 OK")
		}
		for _, b := range beginnings {
			if strings.HasPrefix(string(buf[:n]), b) {
				return string(buf[:n])
			}
		}
	}
}

func (p *phone) register(password string) {
	p.t.Helper()
	id := rand.Text()
	p.send("REGISTER", p.server, id, "")
	challenge := p.expect("SIP/2.0 401")
	p.send("REGISTER", p.server, id, p.answer(challenge, "REGISTER", "sip:"+p.server, password))
	if got := p.expect("SIP/2.0 200", "SIP/2.0 4"); !strings.HasPrefix(got, "SIP/2.0 200") {
		p.t.Fatalf("phone %s was not registered: %s", p.user, got)
	}
}

// answer is the digest of RFC 2617 §3.2.2 with qop auth.
func (p *phone) answer(challenge, method, uri, password string) string {
	p.t.Helper()
	field := func(name string) string {
		m := regexp.MustCompile(name + `="([^"]*)"`).FindStringSubmatch(challenge)
		if m == nil {
			return ""
		}
		return m[1]
	}
	hash := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	response := hash(hash(p.user+":"+field("realm")+":"+password) + ":" + field("nonce") + ":00000001:abcd:auth:" + hash(method+":"+uri))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, qop=auth, nc=00000001, cnonce="abcd", opaque="%s"`,
		p.user, field("realm"), field("nonce"), uri, response, field("opaque"))
}

func (p *phone) call(number string) {
	p.t.Helper()
	p.send("INVITE", number+"@"+p.server, rand.Text(), "")
}

// rung waits for a call that has not rung before and tells the caller's side
// that it rings.
func (p *phone) rung() string {
	p.t.Helper()
	for {
		invite := p.expect("INVITE")
		id := header(invite, "Call-ID")
		if p.seen[id] {
			continue // sent again before the answer came
		}
		p.seen[id] = true
		p.respond(invite, "180 Ringing")
		return invite
	}
}

func (p *phone) respond(request, status string) {
	p.t.Helper()
	lines := []string{"SIP/2.0 " + status}
	for line := range strings.SplitSeq(request, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "via", "from", "call-id", "cseq":
			lines = append(lines, line)
		case "to":
			lines = append(lines, line+";tag=phone")
		}
	}
	lines = append(lines, fmt.Sprintf("Contact: <sip:%s@%s>", p.user, p.conn.LocalAddr()), "Content-Length: 0", "", "")
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n"))); err != nil {
		p.t.Fatal(err)
	}
}

// cancelled waits until the caller's giving up has reached this phone, and ends
// the call that was ringing.
func (p *phone) cancelled(invite string) {
	p.t.Helper()
	p.respond(p.expect("CANCEL"), "200 OK")
	p.respond(invite, "487 Request Terminated")
	p.expect("ACK")
}

// giveUp cancels the last call. A CANCEL repeats what its INVITE said (RFC 3261
// §9.1).
func (p *phone) giveUp() {
	p.t.Helper()
	cancel := strings.Replace(p.invite, "INVITE", "CANCEL", 1)
	cancel = strings.Replace(cancel, " INVITE\r\n", " CANCEL\r\n", 1)
	cancel, _, _ = strings.Cut(cancel, "\r\nContent-Type")
	if _, err := p.conn.Write([]byte(cancel + "\r\nContent-Length: 0\r\n\r\n")); err != nil {
		p.t.Fatal(err)
	}
	p.expect("SIP/2.0 487")
}

func header(message, name string) string {
	for line := range strings.SplitSeq(message, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
