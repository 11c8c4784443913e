package machine

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/labs/observe"
	"distrolab/labs/talosapi"
	"distrolab/provision"
)

// maintenance stands in for a Talos machine that waits for its config: Talos's
// protobuf service, and a made-up answer.
type maintenance struct {
	machineapi.UnimplementedMachineServiceServer
	refuse error
	got    chan string
}

func (m *maintenance) ApplyConfiguration(_ context.Context, in *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
	m.got <- string(in.GetData())
	if m.refuse != nil {
		return nil, m.refuse
	}
	return &machineapi.ApplyConfigurationResponse{Messages: []*machineapi.ApplyConfiguration{{}}}, nil
}

// dialed starts the service and returns the way to it.
func dialed(t *testing.T, m *maintenance) talosapi.Dialer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})))
	machineapi.RegisterMachineServiceServer(s, m)
	go s.Serve(l) //nolint:errcheck // ends with Stop
	t.Cleanup(s.Stop)
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// waiting is a machine that was started, as far as these tests see.
func waiting(t *testing.T, kind distros.DeliveryKind) *Machine {
	t.Helper()
	profile, err := observe.Compile(distros.BootProfile{Patterns: map[string]string{"boot_complete": "ready"}})
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{
		spec: Spec{Name: "n1", Config: provision.Config{Format: "talos", Delivery: distros.Delivery{Kind: kind},
			Documents: []provision.Document{{Name: "config.yaml", Content: "machine: {}\n"}}}},
		gone:     make(chan struct{}),
		observer: observe.New(profile, observe.Options{}),
	}
	m.observer.Begin(time.Now())
	return m
}

func nobody(context.Context) (net.Conn, error) { return nil, errors.New("connection was refused") }

// finish lets the console say that the machine has booted.
func finish(t *testing.T, m *Machine) {
	t.Helper()
	guest, ours := net.Pipe()
	go m.observer.ReadConsole(t.Context(), ours) //nolint:errcheck // ends with the pipe
	if _, err := guest.Write([]byte("ready\n")); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { _ = guest.Close() })
}

func TestConfigIsSentWhileTheMachineIsAwaited(t *testing.T) {
	service := &maintenance{got: make(chan string, 1)}
	m := waiting(t, distros.DeliverAPI)
	go func() {
		if got := <-service.got; got != "machine: {}\n" {
			t.Errorf("it got %q", got)
		}
		finish(t, m)
	}()
	if err := m.await(t.Context(), dialed(t, service)); err != nil {
		t.Error(err)
	}
}

func TestOtherDeliveriesSendNothing(t *testing.T) {
	m := waiting(t, distros.DeliverVolume)
	if err := m.apply(t.Context(), nil); err != nil {
		t.Error(err)
	}
	go finish(t, m)
	if err := m.await(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestRefusedConfigEndsTheWait(t *testing.T) {
	service := &maintenance{got: make(chan string, 1), refuse: status.Error(codes.InvalidArgument, "no disk")}
	err := waiting(t, distros.DeliverAPI).await(t.Context(), dialed(t, service))
	var refused *talosapi.RefusedError
	if !errors.As(err, &refused) || err.Error() != "giving machine n1 its config: Talos refused ApplyConfiguration (InvalidArgument): no disk" {
		t.Errorf("%v", err)
	}
}

func TestEndOfTheMachineEndsTheWait(t *testing.T) {
	m := waiting(t, distros.DeliverAPI)
	time.AfterFunc(50*time.Millisecond, func() { m.ended("it powered off") })
	var stopped *observe.StoppedError
	if err := m.await(t.Context(), nobody); !errors.As(err, &stopped) {
		t.Errorf("%v", err)
	}
	if err := m.apply(t.Context(), nobody); err == nil || !strings.Contains(err.Error(), "it powered off") {
		t.Errorf("%v", err)
	}
}

func TestDeadlineSaysWhatThePortDid(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	err := waiting(t, distros.DeliverAPI).await(ctx, nobody)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "port 50000 does not answer: connection was refused") {
		t.Errorf("%v", err)
	}
}

// A machine that had its config all the same is no failure.
func TestMachineThatBootsUnaided(t *testing.T) {
	m := waiting(t, distros.DeliverAPI)
	time.AfterFunc(50*time.Millisecond, func() { finish(t, m) })
	if err := m.await(t.Context(), nobody); err != nil {
		t.Error(err)
	}
}

func TestOnlyTalosTakesItsConfigByAPI(t *testing.T) {
	d := distros.Distro{Name: "talos", Hardware: distros.Hardware{Firmware: []string{"bios"}}, Boot: distros.BootProfile{
		Faults: []distros.Fault{{Pattern: "x", Except: []distros.DeliveryKind{distros.DeliverAPI}}}}}
	disk := image.Image{ID: "i", Manifest: image.Manifest{Files: map[string]image.File{image.RoleDisk: {Name: "disk.raw", Format: "raw"}}}}
	cfg := waiting(t, distros.DeliverAPI).spec.Config
	spec, err := Assemble("m", d, disk, cfg, Wishes{}, 0)
	if err != nil || len(spec.Boot.Faults) > 0 {
		t.Errorf("%+v, %v", spec.Boot.Faults, err)
	}
	other, two := cfg, cfg
	other.Format, two.Documents = "cloud-init", append(two.Documents, provision.Document{})
	for _, cfg := range []provision.Config{other, two} {
		if _, err := Assemble("m", d, disk, cfg, Wishes{}, 0); err == nil || !strings.Contains(err.Error(), "labs know the API of Talos only") {
			t.Errorf("%s: %v", cfg.Format, err)
		}
	}
}
