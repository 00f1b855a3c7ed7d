package stack

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	xmppHost   = "localhost"
	pubsubHost = "pubsub.localhost"
	queueUser  = "queueapp"
	// Stranger is the user of an account that no list and no roster holds, for
	// tests of who is refused.
	Stranger = "mallory"
)

func (s *Stack) startProsody(ctx context.Context) error {
	user, err := s.place.account("prosody")
	if err != nil {
		return err
	}
	dir, err := s.place.owned(user, "prosody")
	if err != nil {
		return err
	}
	if err := s.writeProsody(dir, user); err != nil {
		return err
	}
	config := filepath.Join(s.place.inner, "prosody/prosody.cfg.lua")
	return s.launch(ctx, s.add(&server{
		name: Prosody, log: s.place.log(Prosody),
		command: func() *exec.Cmd {
			return s.place.inRoot(user, "/usr/bin/prosody", "-F", "--config", config)
		},
		ready: s.prosodyReady,
		order: syscall.SIGTERM,
		drop:  syscall.SIGTERM,
	}))
}

func (s *Stack) writeProsody(dir string, user account) error {
	err := render(filepath.Join(dir, "prosody.cfg.lua"), "prosody.cfg.lua", map[string]any{
		"Home": filepath.Join(s.place.inner, "prosody"), "Bind": s.opts.Bind,
		"XMPPPort": s.ports.xmpp, "HTTPPort": s.ports.http,
		"PubSub": pubsubHost, "Owner": queueUser + "@" + xmppHost,
	}, user)
	if err != nil {
		return err
	}
	if err := s.writeCertificate(dir, user); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "groups.txt"), s.groups(), user); err != nil {
		return err
	}
	for _, dir := range []string{"certs", "data", "data/" + xmppHost} {
		if _, err := s.place.owned(user, "prosody", dir); err != nil {
			return err
		}
	}
	accounts, err := s.place.owned(user, "prosody/data/"+xmppHost+"/accounts")
	if err != nil {
		return err
	}
	for name, password := range s.secrets.xmpp {
		entry, err := scramEntry(password)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(accounts, name+".dat"), entry, user); err != nil {
			return err
		}
	}
	return nil
}

// groups pairs queueapp with every agent: each sees the other's presence, and
// the agents' rosters do not fill with each other.
func (s *Stack) groups() []byte {
	var b strings.Builder
	for _, e := range s.info.Extensions {
		fmt.Fprintf(&b, "[Ringside %s]\n%s@%s=Ringside\n%s=%s\n", e.Number, queueUser, xmppHost, e.JID, agentName(e.Number))
	}
	return []byte(b.String())
}

// scramEntry is an account in the form of Prosody's internal_hashed store
// (RFC 5802 §3, RFC 7677), written here because `prosodyctl adduser` takes half
// a second for each.
func scramEntry(password string) ([]byte, error) {
	const iterations = 4096 // the least that RFC 7677 §4 allows; the passwords are random
	salt := rand.Text()
	salted, err := pbkdf2.Key(sha256.New, password, []byte(salt), iterations, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("hash an XMPP password: %w", err)
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	return fmt.Appendf(nil, "return { iteration_count = %d, salt = %q, stored_key = \"%x\", server_key = \"%x\" };\n",
		iterations, salt, stored, mac("Server Key")), nil
}

// writeCertificate makes an authority for this stack alone, and Prosody's
// certificate by it. Clients get the authority's, by Info.CA.
func (s *Stack) writeCertificate(dir string, user account) error {
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Ringside stack"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: xmppHost},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{xmppHost, pubsubHost},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(s.opts.Bind)},
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	if err := write(s.info.CA, encodePEM("CERTIFICATE", authorityDER), account{}); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "localhost.crt"), encodePEM("CERTIFICATE", serverDER), user); err != nil {
		return err
	}
	return write(filepath.Join(dir, "localhost.key"), encodePEM("PRIVATE KEY", keyDER), user)
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// prosodyReady opens a stream (RFC 6120 §4.2) and waits for what the server offers.
func (s *Stack) prosodyReady(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.info.XMPP)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", xmppHost)
	if err != nil {
		return err
	}
	answer := bufio.NewReader(conn)
	for {
		tag, err := answer.ReadString('>')
		if err != nil {
			return fmt.Errorf("open a stream: %w", err)
		}
		switch {
		case strings.HasPrefix(tag, "<stream:features"):
			return nil
		case strings.HasPrefix(tag, "<stream:error"):
			return fmt.Errorf("open a stream: the server answered %s", tag)
		}
	}
}
