package postgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringside/store/postgres"
)

// impostor is a server that agrees to TLS (PostgreSQL's SSLRequest) with a certificate of its own, and notes what it is told
// after that.
type impostor struct {
	port int
	ca   string // the file of who signed
	mu   sync.Mutex
	told []byte
}

func newImpostor(t *testing.T, host string) *impostor {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "PostgreSQL"}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	i := &impostor{ca: filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(i.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i.port = l.Addr().(*net.TCPAddr).Port
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			i.serve(conn, config)
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return i
}

func (i *impostor) serve(conn net.Conn, config *tls.Config) {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return
	}
	if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil {
		return
	}
	if _, err := conn.Write([]byte("S")); err != nil {
		return
	}
	secured := tls.Server(conn, config)
	told := make([]byte, 1000)
	n, err := secured.Read(told)
	if err == nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.told = append(i.told, told[:n]...)
	}
}

// A server that cannot prove who it is gets not even the user's name, unless the address says that it need not prove it.
func TestCertificates(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for name, c := range map[string]struct {
		host, mode string // in the certificate; of the address
		known      bool   // the authority is
		trusts     bool
	}{
		"a good one":                     {"localhost", "&sslmode=verify-full", true, true},
		"one of an unknown authority":    {"localhost", "&sslmode=verify-full", false, false},
		"one for another host":           {"db.example", "&sslmode=verify-full", true, false},
		"one that need not be verified":  {"db.example", "&sslmode=require", false, true},
		"what a remote address defaults": {"db.example", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := newImpostor(t, c.host)
			address := fmt.Sprintf("postgres://alice@localhost:%d/floor?connect_timeout=10%s", server.port, c.mode)
			if c.mode == "" {
				address = fmt.Sprintf("postgres://alice@db.internal:%d/floor?connect_timeout=10", server.port)
			}
			if c.known {
				address += "&sslrootcert=" + server.ca
			}
			config, err := postgres.Parse(address, "hunter2")
			if err != nil {
				t.Fatal(err)
			}
			config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
			_, err = pgx.ConnectConfig(t.Context(), config)
			if err == nil {
				t.Fatal("the impostor let us in")
			}
			said := postgres.Explain(config, err).Error()
			if untrusted := strings.Contains(said, "certificate cannot be verified"); untrusted == c.trusts || strings.Contains(said, "hunter2") {
				t.Errorf("%s", said)
			}
			server.mu.Lock()
			defer server.mu.Unlock()
			if told := strings.Contains(string(server.told), "alice"); told != c.trusts {
				t.Errorf("the server was told %q", server.told)
			}
		})
	}
}
