package talosapi_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	taloscrypto "github.com/siderolabs/crypto/x509"
	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"distrolab/distros"
	"distrolab/labs/talosapi"
	"distrolab/provision"
	"distrolab/provision/talos"
)

// imitation behaves at its port as a Talos machine does: nothing while it
// boots, then the maintenance service with a certificate of its own, then the
// API that asks for one of the CA in its config. The services are Talos's own
// protobuf ones; what they do is made up here. It is no Talos.
type imitation struct {
	machineapi.UnimplementedMachineServiceServer
	t *testing.T

	// apply answers in maintenance mode; nil takes what Talos's loader reads.
	apply func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error)
	// events answers once configured; nil says that it is not implemented.
	events func(*machineapi.EventsRequest, grpc.ServerStreamingServer[machineapi.Event]) error

	mu       sync.Mutex
	listener net.Listener // nil while the port is closed
	server   *grpc.Server
	conns    []net.Conn // taken by listener
	config   string
	asked    []*machineapi.EventsRequest
}

func newImitation(t *testing.T) *imitation {
	m := &imitation{t: t}
	t.Cleanup(m.halt)
	return m
}

// dial is the way through the lab.
func (m *imitation) dial(ctx context.Context) (net.Conn, error) {
	m.mu.Lock()
	l := m.listener
	m.mu.Unlock()
	if l == nil {
		return nil, errors.New("connection was refused")
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
}

// serve opens the port.
func (m *imitation) serve(config *tls.Config) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.t.Error(err)
		return
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	machineapi.RegisterMachineServiceServer(s, m)
	m.mu.Lock()
	m.listener, m.server = keeping{l, m}, s
	m.mu.Unlock()
	go s.Serve(m.listener) //nolint:errcheck // ends with halt
}

// keeping remembers connections, so that they can be cut.
type keeping struct {
	net.Listener
	m *imitation
}

func (k keeping) Accept() (net.Conn, error) {
	conn, err := k.Listener.Accept()
	if err == nil {
		k.m.mu.Lock()
		k.m.conns = append(k.m.conns, conn)
		k.m.mu.Unlock()
	}
	return conn, err
}

// halt closes the port at once; answers on their way are lost.
func (m *imitation) halt() {
	m.mu.Lock()
	s := m.server
	m.server, m.listener = nil, nil
	conns := slices.Clone(m.conns)
	m.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	if s != nil {
		s.Stop()
	}
}

func (m *imitation) maintain() {
	m.serve(&tls.Config{Certificates: []tls.Certificate{selfSigned(m.t)}})
}

// run is the machine after it has read its config, as a control plane.
func (m *imitation) run(config string) { m.serve(mutual(m.t, config)) }

func (m *imitation) ApplyConfiguration(ctx context.Context, in *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
	m.mu.Lock()
	m.config = string(in.GetData())
	m.mu.Unlock()
	if m.apply != nil {
		return m.apply(ctx, in)
	}
	if in.GetMode() != machineapi.ApplyConfigurationRequest_AUTO || in.GetDryRun() {
		return nil, errors.New("not the way to configure a machine in maintenance")
	}
	if _, err := configloader.NewFromBytes(in.GetData()); err != nil {
		return nil, err
	}
	return taken("a warning"), nil
}

func taken(warnings ...string) *machineapi.ApplyConfigurationResponse {
	return &machineapi.ApplyConfigurationResponse{Messages: []*machineapi.ApplyConfiguration{{Warnings: warnings, Mode: machineapi.ApplyConfigurationRequest_AUTO}}}
}

func (m *imitation) Events(in *machineapi.EventsRequest, stream grpc.ServerStreamingServer[machineapi.Event]) error {
	m.mu.Lock()
	m.asked = append(m.asked, in)
	m.mu.Unlock()
	if m.events == nil {
		return m.UnimplementedMachineServiceServer.Events(in, stream)
	}
	return m.events(in, stream)
}

func (m *imitation) received() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "maintenance"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// mutual is the API's TLS as apid has it: a certificate of the config's CA,
// and none but clients with another.
func mutual(t *testing.T, config string) *tls.Config {
	t.Helper()
	cfg, err := configloader.NewFromBytes([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, cfg.Machine().Security().IssuingCA())
}

func signed(t *testing.T, ca *taloscrypto.PEMEncodedCertificateAndKey) *tls.Config {
	t.Helper()
	authority, err := taloscrypto.NewCertificateAuthorityFromCertificateAndKey(ca)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := taloscrypto.NewKeyPair(authority, taloscrypto.IPAddresses([]net.IP{net.ParseIP(address)}),
		taloscrypto.NotBefore(time.Now().Add(-time.Minute)), taloscrypto.NotAfter(time.Now().Add(time.Hour)),
		taloscrypto.ExtKeyUsage([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.Crt)
	return &tls.Config{Certificates: []tls.Certificate{*pair.Certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}
}

// address is the machine's in the lab.
const address = "192.168.127.10"

// controlPlane is a config that distrolab renders for delivery api.
func controlPlane(t *testing.T) string { return rendered(t, nil) }

// known are the public secrets of the renderer's tests; making some takes
// seconds.
func known(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../provision/talos/testdata/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func rendered(t *testing.T, join *provision.Join) string {
	t.Helper()
	cfg, err := talos.Render(provision.Intent{Hostname: "talos", Join: join}, provision.Target{
		Distro:   distros.Distro{Name: "talos"},
		Profile:  distros.ConfigProfile{Format: talos.Format, Version: "1.13"},
		Delivery: distros.Delivery{Kind: distros.DeliverAPI, File: "config.yaml"},
		Secrets:  known(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Documents[0].Content
}

func administrator(t *testing.T, config string) talosapi.Credentials {
	t.Helper()
	who, err := talosapi.Administrator(config, time.Now().Add(-time.Minute), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// soon bounds a test that waits for nothing slow.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// briefly is for what has to fail by its deadline.
func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	t.Cleanup(cancel)
	return ctx
}
