package stasis

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/queueapp/engine"
)

// signed makes a certificate that its own authority has signed, and that authority.
func signed(t *testing.T, host string, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Asterisk"}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// An Asterisk that cannot prove who it is never gets the password, neither by a request nor by the websocket.
func TestCertificates(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour)
	for name, c := range map[string]struct {
		host   string // in the certificate
		until  time.Time
		known  bool // the authority is
		trusts bool
	}{
		"a good one":                  {"localhost", tomorrow, true, true},
		"one of an unknown authority": {"localhost", tomorrow, false, false},
		"one for another host":        {"pbx.example", tomorrow, true, false},
		"one that is past its time":   {"localhost", time.Now().Add(-time.Hour), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			certificate, authority := signed(t, c.host, c.until)
			var asked atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(http.StatusForbidden)
			}))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			config := Config{
				Name: "main", User: "queueapp", Password: "hunter2",
				URL: strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/ari",
			}
			if c.known {
				config.TLS = &tls.Config{RootCAs: authority}
			}
			found := Check(t.Context(), config, nil)[0]
			if untrusted := strings.Contains(found.Remedy, "ca_file"); found.Err == nil || untrusted == c.trusts {
				t.Errorf("%v; %s", found.Err, found.Remedy)
			}
			why := listen(t, config)
			if untrusted := strings.Contains(why.Error(), "certificate"); untrusted == c.trusts {
				t.Errorf("the websocket: %v", why)
			}
			if n := asked.Load(); c.trusts != (n > 0) {
				t.Errorf("%d requests reached the server", n)
			}
		})
	}
}

// listen tells why a switch's event stream does not come up.
func listen(t *testing.T, c Config) error {
	t.Helper()
	sw, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var why error
	err = sw.Run(ctx, func(e engine.SwitchEvent) {
		if down, ok := e.(engine.SwitchDown); ok && why == nil {
			why = down.Err
			cancel()
		}
	})
	if err != nil || why == nil {
		t.Fatalf("run: %v, down: %v", err, why)
	}
	return why
}
