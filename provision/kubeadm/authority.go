package kubeadm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strings"
	"time"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// How long what is made here is valid, and from when: a guest's clock may be
// behind that of the host.
const (
	authorityYears = 10
	adminYears     = 1
	clockSlack     = time.Hour
)

// Authority is a cluster's CA: all certificates of the cluster come from it,
// and who has its key is the cluster's master.
type Authority struct {
	Certificate string           // PEM, public
	Key         provision.Secret // PEM; kept where only its owner reads it
}

// NewAuthority makes a CA as kubeadm would, so that documents which name it can
// be written before there is a cluster. Serial numbers come from random; the
// key comes from the system, as Go's own makers of keys now insist.
func NewAuthority(now time.Time, random io.Reader) (Authority, error) {
	serial, err := newSerial(random)
	if err != nil {
		return Authority{}, fmt.Errorf("making a cluster's CA: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return Authority{}, fmt.Errorf("making a cluster's CA: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "kubernetes"},
		DNSNames:     []string{"kubernetes"},
		NotBefore:    now.Add(-clockSlack), NotAfter: now.AddDate(authorityYears, 0, 0),
		KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IsCA:     true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return Authority{}, fmt.Errorf("making a cluster's CA: %w", err)
	}
	text, err := keyText(key)
	if err != nil {
		return Authority{}, fmt.Errorf("making a cluster's CA: %w", err)
	}
	return Authority{Certificate: certificateText(der), Key: provision.Secret(text)}, nil
}

// AdminKubeconfig is the file by which kubectl is the cluster's administrator:
// a member of kubeadm:cluster-admins, to whom kubeadm init (since 1.29) gives
// all rights. The server is a URL or host:port.
func (a Authority) AdminKubeconfig(server string, now time.Time, random io.Reader) (string, error) {
	address, err := serverURL(server)
	if err != nil {
		return "", fmt.Errorf("writing a kubeconfig: %w", err)
	}
	certificate, key, err := a.issue(pkix.Name{CommonName: "distrolab-admin", Organization: []string{"kubeadm:cluster-admins"}}, now, random)
	if err != nil {
		return "", fmt.Errorf("writing a kubeconfig: %w", err)
	}
	pair := func(key, value string) yamldoc.Pair { return yamldoc.Pair{Key: key, Value: yamldoc.Text(value)} }
	data := func(key, value string) yamldoc.Pair {
		return yamldoc.Pair{Key: key, Value: yamldoc.Quoted(base64.StdEncoding.EncodeToString([]byte(value)))}
	}
	named := func(list, name, of string, pairs ...yamldoc.Pair) yamldoc.Pair {
		return yamldoc.Pair{Key: list, Value: yamldoc.List(yamldoc.Map(pair("name", name), yamldoc.Pair{Key: of, Value: yamldoc.Map(pairs...)}))}
	}
	text, err := yamldoc.Marshal(yamldoc.Map(
		pair("apiVersion", "v1"),
		pair("kind", "Config"),
		named("clusters", "distrolab", "cluster", pair("server", address), data("certificate-authority-data", a.Certificate)),
		named("users", "distrolab-admin", "user", data("client-certificate-data", certificate), data("client-key-data", key)),
		named("contexts", "distrolab", "context", pair("cluster", "distrolab"), pair("user", "distrolab-admin")),
		pair("current-context", "distrolab"),
	))
	if err != nil {
		return "", fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return text, nil
}

// issue signs a client's certificate with a key of its own.
func (a Authority) issue(subject pkix.Name, now time.Time, random io.Reader) (certificate, key string, err error) {
	parent, signer, err := a.parse()
	if err != nil {
		return "", "", err
	}
	serial, err := newSerial(random)
	if err != nil {
		return "", "", err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: now.Add(-clockSlack), NotAfter: now.AddDate(adminYears, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(random, template, parent, own.Public(), signer)
	if err != nil {
		return "", "", fmt.Errorf("signing a certificate: %w", err)
	}
	key, err = keyText(own)
	return certificateText(der), key, err
}

// parse reads the CA back and sees that its halves belong together.
func (a Authority) parse() (*x509.Certificate, crypto.Signer, error) {
	certificate, err := provision.Join{CA: a.Certificate}.Certificate()
	if err != nil {
		return nil, nil, fmt.Errorf("the CA's certificate %w", err)
	}
	block, rest := pem.Decode([]byte(a.Key.Reveal()))
	if block == nil || block.Type != "EC PRIVATE KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, nil, errors.New("the CA's key must be one PEM block, EC PRIVATE KEY")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, errors.New("the CA's key cannot be read") // the cause might quote it
	}
	if public, ok := certificate.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(key.Public()) {
		return nil, nil, errors.New("the CA's key is not that of its certificate")
	}
	return certificate, key, nil
}

// tokenLetters are those of bootstrap tokens. Their number divides no byte;
// what is above the last whole multiple is drawn again.
const tokenLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewToken makes a bootstrap token.
func NewToken(random io.Reader) (provision.Secret, error) {
	var token strings.Builder
	one := make([]byte, 1)
	for token.Len() < 6+1+16 {
		if token.Len() == 6 {
			token.WriteByte('.')
		}
		if _, err := io.ReadFull(random, one); err != nil {
			return "", fmt.Errorf("making a bootstrap token: %w", err)
		}
		if n := int(one[0]); n < 256/len(tokenLetters)*len(tokenLetters) {
			token.WriteByte(tokenLetters[n%len(tokenLetters)])
		}
	}
	return provision.Secret(token.String()), nil
}

// newSerial draws a number of 16 bytes that is not negative and not zero.
func newSerial(random io.Reader) (*big.Int, error) {
	number := make([]byte, 16)
	if _, err := io.ReadFull(random, number); err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	number[0] = number[0]&0x7f | 0x40
	return new(big.Int).SetBytes(number), nil
}

func certificateText(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func keyText(key *ecdsa.PrivateKey) (string, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("writing a key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), nil
}

// serverURL makes an address a URL.
func serverURL(server string) (string, error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	if u, err := url.Parse(server); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%.128q is no address of an API server, such as https://192.168.127.5:6443", server)
	}
	return server, nil
}
