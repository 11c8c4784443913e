package talosapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/role"
)

// Credentials are how an administrator and a configured machine know each
// other. The key is secret.
type Credentials struct{ CA, Certificate, Key []byte } // PEM

// WorkerError says that a config makes no certificate: a worker's has the
// certificate of Talos's CA and not its key.
type WorkerError struct{}

// Error says what that means for a worker of a lab.
func (*WorkerError) Error() string {
	return "the config is a worker's, which does not hold the key of Talos's CA; and a worker of a cluster that kubeadm made never answers at its API, because no trustd signs its certificate"
}

// Administrator makes the credentials of an administrator, valid from now for
// lifetime, from the machine config that was rendered for the machine. The
// key is a new one, from crypto/rand.
func Administrator(machineConfig string, now time.Time, lifetime time.Duration) (Credentials, error) {
	cfg, err := load(machineConfig)
	if err != nil {
		return Credentials{}, err
	}
	if cfg.Machine() == nil {
		return Credentials{}, errors.New("making a client certificate for Talos: the config has no part \"machine\"")
	}
	ca := cfg.Machine().Security().IssuingCA()
	if ca == nil || len(ca.Key) == 0 {
		return Credentials{}, &WorkerError{}
	}
	pair, err := secrets.NewAdminCertificateAndKey(now, ca, role.MakeSet(role.Admin), lifetime)
	if err != nil {
		return Credentials{}, errors.New("making a client certificate for Talos: the CA in the config is damaged")
	}
	return Credentials{CA: ca.Crt, Certificate: pair.Crt, Key: pair.Key}, nil
}

// load reads a machine config by Talos's own code, which panics at some texts.
// No error shows any of the text.
func load(text string) (cfg config.Provider, err error) {
	damaged := errors.New("reading the machine config: it is not what was rendered for Talos")
	defer func() {
		if recover() != nil {
			cfg, err = nil, damaged
		}
	}()
	if cfg, err = configloader.NewFromBytes([]byte(text)); err != nil {
		return nil, damaged
	}
	return cfg, nil
}

// mutual is TLS where both sides show certificates of Talos's CA; host is the
// machine's name or address in its own.
func (c Credentials) mutual(host string) (*tls.Config, error) {
	pair, err := tls.X509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the client certificate for Talos: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.CA) {
		return nil, errors.New("reading the CA of Talos: it is no certificate in PEM")
	}
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: host, MinVersion: tls.VersionTLS12}, nil
}
