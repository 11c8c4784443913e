package talosapi_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/api/common"
	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"distrolab/labs/talosapi"
)

// The way of a machine from its boot to its own report that it runs.
func TestMachineIsConfiguredAndFollowed(t *testing.T) {
	m, config := newImitation(t), controlPlane(t)
	m.events = boots
	time.AfterFunc(600*time.Millisecond, m.maintain) // it still boots
	applied, err := talosapi.Apply(soon(t), m.dial, config)
	if err != nil {
		t.Fatal(err)
	}
	if !applied.Confirmed || applied.Attempts < 2 || applied.Took <= 0 || applied.Mode != "auto" || len(applied.Warnings) != 1 || applied.Warnings[0] != "a warning" {
		t.Errorf("%+v", applied)
	}
	if m.received() != config {
		t.Error("the machine got another config")
	}
	time.AfterFunc(400*time.Millisecond, func() { m.halt(); m.run(config) })
	var seen []string
	err = talosapi.Follow(soon(t), m.dial, address, administrator(t, config), func(e talosapi.Event) bool {
		seen = append(seen, string(e.Kind)+" "+e.Name+" "+e.Action)
		return !e.Ready()
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "sequence boot start, service kubelet running, status booting waiting, sequence boot stop, status running ready"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("events %s, not %s", got, want)
	}
}

// secretOf is a secret of a control plane's config.
func secretOf(t *testing.T, config string) string {
	t.Helper()
	cfg, err := configloader.NewFromBytes([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Machine().Security().Token()
}

func TestRefusalIsTheEndAndToldWithoutSecrets(t *testing.T) {
	config := controlPlane(t)
	secret := secretOf(t, config)
	refused := func(err error) func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
		return func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
			return nil, err
		}
	}
	for name, c := range map[string]struct {
		apply      func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error)
		code, says string
	}{
		"not valid":       {refused(status.Error(codes.InvalidArgument, "configuration validation failed: no disk")), "InvalidArgument", "configuration validation failed: no disk"},
		"not readable":    {refused(errors.New("failed to parse config: line 3")), "Unknown", "failed to parse config: line 3"},
		"not implemented": {refused(status.Error(codes.Unimplemented, "API is not implemented in agent mode")), "Unimplemented", "agent mode"},
		"shows a secret":  {refused(status.Error(codes.InvalidArgument, "cannot read token: "+secret+" here")), "InvalidArgument", "cannot read token: (secret) here"},
		"escape sequence": {refused(status.Error(codes.InvalidArgument, "a\x1b[31mred\r\nb\u202e")), "InvalidArgument", "a?[31mred b?"},
		"endless":         {refused(status.Error(codes.InvalidArgument, strings.Repeat("x y", 8<<10))), "InvalidArgument", "x yx yx"},
		"in the answer": {func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
			return &machineapi.ApplyConfigurationResponse{Messages: []*machineapi.ApplyConfiguration{{Metadata: &common.Metadata{Error: "no: " + secret}}}}, nil
		}, "Unknown", "no: (secret)"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newImitation(t)
			m.apply = c.apply
			m.maintain()
			_, err := talosapi.Apply(soon(t), m.dial, config)
			var refused *talosapi.RefusedError
			if !errors.As(err, &refused) || refused.Code != c.code || !strings.Contains(refused.Message, c.says) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), secret) || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\x1b\r\n\u202e") {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestWarningsShowNoSecret(t *testing.T) {
	m, config := newImitation(t), controlPlane(t)
	m.apply = func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
		return taken("old key "+secretOf(t, config), "", "\x1b]0;title\a", strings.Repeat("w", 4000)), nil
	}
	m.maintain()
	applied, err := talosapi.Apply(soon(t), m.dial, config)
	if err != nil {
		t.Fatal(err)
	}
	if got := applied.Warnings; len(got) != 3 || got[0] != "old key (secret)" || got[1] != "?]0;title?" || len(got[2]) > 420 {
		t.Errorf("%q", got)
	}
}

func TestWrongAnswerIsNoSuccess(t *testing.T) {
	for name, answer := range map[string]*machineapi.ApplyConfigurationResponse{
		"nobody":   {},
		"two":      {Messages: []*machineapi.ApplyConfiguration{{}, {}}},
		"too long": taken(strings.Repeat("w", 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			m := newImitation(t)
			m.apply = func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
				return answer, nil
			}
			m.maintain()
			applied, err := talosapi.Apply(soon(t), m.dial, controlPlane(t))
			if err == nil || !strings.Contains(err.Error(), "it is no Talos") || applied.Confirmed {
				t.Errorf("%+v, %v", applied, err)
			}
		})
	}
}

func TestSlowMachineIsWaitedFor(t *testing.T) {
	m := newImitation(t)
	m.apply = func(context.Context, *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
		time.Sleep(1500 * time.Millisecond)
		return taken(), nil
	}
	m.maintain()
	applied, err := talosapi.Apply(soon(t), m.dial, controlPlane(t))
	if err != nil || !applied.Confirmed || applied.Attempts != 1 || applied.Took < 1500*time.Millisecond {
		t.Errorf("%+v, %v", applied, err)
	}
}

func TestWaitingEndsWithItsCause(t *testing.T) {
	m := newImitation(t)
	m.apply = func(ctx context.Context, _ *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	m.maintain()
	gone := errors.New("the machine powered off")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { cancel(gone) })
	before := time.Now()
	_, err := talosapi.Apply(ctx, m.dial, controlPlane(t))
	if !errors.Is(err, gone) || time.Since(before) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(before), err)
	}
}

// What answers at the port may be no Talos, or not yet.
func TestForeignPortIsWaitedForUntilTheDeadline(t *testing.T) {
	plain := serving(t, func(c net.Conn) {
		_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.9\r\n"))
		time.Sleep(100 * time.Millisecond)
	})
	silent := serving(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); time.Sleep(5 * time.Second) })
	shut := serving(t, func(net.Conn) {})
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	web.StartTLS()
	t.Cleanup(web.Close)
	for name, c := range map[string]struct {
		dial talosapi.Dialer
		says string
	}{
		"closed":       {func(context.Context) (net.Conn, error) { return nil, errors.New("connection was refused") }, "port 50000 does not answer: connection was refused"},
		"SSH":          {plain, "not by TLS as Talos does: tls: first record does not look like a TLS handshake"},
		"hangs up":     {shut, "not by TLS as Talos does"},
		"silent":       {silent, "the last attempt ended with"},
		"a web server": {to(web.Listener.Addr().String()), "not by TLS as Talos does"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for its deadline
			_, err := talosapi.Apply(briefly(t), c.dial, controlPlane(t))
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "waiting for Talos to take its config: ") {
				t.Errorf("%v", err)
			}
		})
	}
}

func to(address string) talosapi.Dialer {
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
}

// serving answers each connection by a function and closes it.
func serving(t *testing.T, answer func(net.Conn)) talosapi.Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); answer(conn) }()
		}
	}()
	return to(l.Addr().String())
}

func TestMachineWithAConfigIsLeftAlone(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		m, config := newImitation(t), controlPlane(t)
		secure := mutual(t, config)
		secure.MaxVersion = version
		m.serve(secure)
		_, err := talosapi.Apply(soon(t), m.dial, config)
		var configured *talosapi.ConfiguredError
		if !errors.As(err, &configured) || m.received() != "" {
			t.Errorf("TLS %x: %v", version, err)
		}
	}
}

// The machine goes on with its boot as soon as it has the config, and the
// answer may be lost.
func TestLostAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		next      func(m *imitation, config string)
		confirmed bool
	}{
		"the config is in use":     {func(m *imitation, config string) { m.run(config) }, false},
		"it waits for one as ever": {func(m *imitation, _ string) { m.maintain() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, config := newImitation(t), controlPlane(t)
			lost := false
			m.apply = func(ctx context.Context, _ *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
				if lost {
					return taken(), nil
				}
				lost = true
				go func() { m.halt(); c.next(m, config) }()
				<-ctx.Done() // the connection is cut before there is an answer
				return nil, ctx.Err()
			}
			m.maintain()
			applied, err := talosapi.Apply(soon(t), m.dial, config)
			if err != nil || applied.Confirmed != c.confirmed || applied.Attempts < 2 || m.received() != config {
				t.Errorf("%+v, %v", applied, err)
			}
		})
	}
}

// A worker of a foreign cluster never opens its port again.
func TestLostAnswerOfAMachineThatStaysSilent(t *testing.T) {
	m := newImitation(t)
	m.apply = func(ctx context.Context, _ *machineapi.ApplyConfigurationRequest) (*machineapi.ApplyConfigurationResponse, error) {
		go m.halt()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	m.maintain()
	_, err := talosapi.Apply(briefly(t), m.dial, controlPlane(t))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "which was sent and whose answer was lost: ") || !strings.Contains(err.Error(), "port 50000 does not answer") {
		t.Errorf("%v", err)
	}
}

func TestConfigOfAnImpossibleSizeIsNotSent(t *testing.T) {
	for _, config := range []string{"", " \n", strings.Repeat("x", 5<<20)} {
		m := newImitation(t)
		m.maintain()
		if _, err := talosapi.Apply(soon(t), m.dial, config); err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%d bytes: %v", len(config), err)
		}
		if m.received() != "" {
			t.Error("it was sent")
		}
	}
}
