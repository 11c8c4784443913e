package talosapi_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	taloscrypto "github.com/siderolabs/crypto/x509"
	"github.com/siderolabs/talos/pkg/machinery/api/common"
	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"distrolab/labs/talosapi"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// event packs a message as Talos does.
func event(id string, m proto.Message) *machineapi.Event {
	value, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return &machineapi.Event{Id: id, Data: &anypb.Any{TypeUrl: "talos/runtime/" + string(m.ProtoReflect().Descriptor().FullName()), Value: value}}
}

// boots is what a machine says of a good boot.
func boots(_ *machineapi.EventsRequest, stream grpc.ServerStreamingServer[machineapi.Event]) error {
	waiting := &machineapi.MachineStatusEvent_MachineStatus{UnmetConditions: []*machineapi.MachineStatusEvent_MachineStatus_UnmetCondition{{Name: "services", Reason: "etcd is not running"}}}
	for i, e := range []*machineapi.Event{
		{}, // Talos opens a stream with an empty one
		event("1", &machineapi.SequenceEvent{Sequence: "boot", Action: machineapi.SequenceEvent_START}),
		event("2", &machineapi.ServiceStateEvent{Service: "kubelet", Action: machineapi.ServiceStateEvent_RUNNING, Message: "Started"}),
		event("3", &machineapi.MachineStatusEvent{Stage: machineapi.MachineStatusEvent_BOOTING, Status: waiting}),
		event("4", &machineapi.SequenceEvent{Sequence: "boot", Action: machineapi.SequenceEvent_STOP}),
		event("5", &machineapi.MachineStatusEvent{Stage: machineapi.MachineStatusEvent_RUNNING, Status: &machineapi.MachineStatusEvent_MachineStatus{Ready: true}}),
	} {
		if err := stream.Send(e); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
	}
	<-stream.Context().Done()
	return nil
}

// says is a machine that says some events and then nothing.
func says(events ...*machineapi.Event) func(*machineapi.EventsRequest, grpc.ServerStreamingServer[machineapi.Event]) error {
	return func(_ *machineapi.EventsRequest, stream grpc.ServerStreamingServer[machineapi.Event]) error {
		for _, e := range events {
			if err := stream.Send(e); err != nil {
				return err
			}
		}
		<-stream.Context().Done()
		return nil
	}
}

// heard follows a machine until it has said a number of events.
func heard(t *testing.T, ctx context.Context, m *imitation, config string, count int) ([]talosapi.Event, error) {
	t.Helper()
	var seen []talosapi.Event
	err := talosapi.Follow(ctx, m.dial, address, administrator(t, config), func(e talosapi.Event) bool {
		seen = append(seen, e)
		return len(seen) < count
	})
	return seen, err
}

func TestEveryKindOfEvent(t *testing.T) {
	m, config := newImitation(t), controlPlane(t)
	events := []*machineapi.Event{
		event("", &machineapi.SequenceEvent{Sequence: "boot", Action: machineapi.SequenceEvent_NOOP, Error: &common.Error{Code: common.Code_FATAL, Message: "no disk"}}),
		event("", &machineapi.PhaseEvent{Phase: "installSystem", Action: machineapi.PhaseEvent_START}),
		event("", &machineapi.TaskEvent{Task: "mountBoot", Action: machineapi.TaskEvent_STOP}),
		event("", &machineapi.ServiceStateEvent{Service: "etcd", Action: machineapi.ServiceStateEvent_FAILED, Message: "exit 1"}),
		event("", &machineapi.MachineStatusEvent{Stage: machineapi.MachineStatusEvent_SHUTTING_DOWN}),
		event("", &machineapi.AddressEvent{Hostname: "n1", Addresses: []string{"192.168.127.10", "fe80::1"}}),
		event("", &machineapi.RestartEvent{Cmd: 1}),
		event("", &machineapi.ConfigLoadErrorEvent{Error: "line 2"}),
		event("", &machineapi.ConfigValidationErrorEvent{Error: "no disk"}),
	}
	m.events = says(events...)
	m.run(config)
	seen, err := heard(t, soon(t), m, config, len(events))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sequence/boot/noop/fatal: no disk", "phase/installSystem/start/", "task/mountBoot/stop/", "service/etcd/failed/exit 1",
		"status/shutting_down/waiting/", "address/n1//192.168.127.10, fe80::1", "restart///", "config//load/line 2", "config//validation/no disk",
	}
	for i, e := range seen {
		if got := fmt.Sprintf("%s/%s/%s/%s", e.Kind, e.Name, e.Action, e.Text); got != want[i] || e.At.IsZero() {
			t.Errorf("%s, not %s", got, want[i])
		}
	}
}

func TestHostileEventsStayHarmless(t *testing.T) {
	m, config := newImitation(t), controlPlane(t)
	conditions := make([]*machineapi.MachineStatusEvent_MachineStatus_UnmetCondition, 2000)
	for i := range conditions {
		conditions[i] = &machineapi.MachineStatusEvent_MachineStatus_UnmetCondition{Name: "\x1b[2J", Reason: "r"}
	}
	m.events = says(
		&machineapi.Event{Data: &anypb.Any{TypeUrl: "talos/runtime/machine.FutureEvent\x1b[2J", Value: []byte("x")}},
		&machineapi.Event{Data: &anypb.Any{TypeUrl: "talos/runtime/machine.SequenceEvent", Value: []byte("\xff\xff\xff")}},
		&machineapi.Event{Id: strings.Repeat("9", 5000), Data: &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.Any"}},
		event("\x1b", &machineapi.ServiceStateEvent{Service: strings.Repeat("s", 100<<10), Message: "a\x00b\nc"}),
		event("", &machineapi.MachineStatusEvent{Status: &machineapi.MachineStatusEvent_MachineStatus{UnmetConditions: conditions}}),
		event("", &machineapi.SequenceEvent{Action: 4711}),
	)
	m.run(config)
	seen, err := heard(t, soon(t), m, config, 6)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range seen {
		if all := e.ID + e.Name + e.Action + e.Text; len(all) > 1300 || strings.ContainsAny(all, "\x1b\x00\n") {
			t.Errorf("event %d: %q", i, all)
		}
	}
	if seen[0].Kind != talosapi.EventOther || seen[1].Kind != talosapi.EventOther || seen[2].Kind != talosapi.EventOther || seen[1].Text == "" || seen[3].Text != "a?b c" || seen[5].Action != "4711" {
		t.Errorf("%+v", seen)
	}
}

func TestEventsGoOnAfterTheLast(t *testing.T) {
	m, config := newImitation(t), controlPlane(t)
	m.events = func(in *machineapi.EventsRequest, stream grpc.ServerStreamingServer[machineapi.Event]) error {
		switch in.GetTailId() {
		case "":
			_ = stream.Send(event("a1", &machineapi.PhaseEvent{Phase: "one"}))
			return nil // the stream ends in peace
		case "a1":
			_ = stream.Send(event("a2", &machineapi.PhaseEvent{Phase: "two"}))
			go func() { m.halt(); m.run(config) }() // the machine restarts
			<-stream.Context().Done()
			return nil
		}
		_ = stream.Send(event("a3", &machineapi.PhaseEvent{Phase: "three"}))
		<-stream.Context().Done()
		return nil
	}
	m.run(config)
	seen, err := heard(t, soon(t), m, config, 3)
	if err != nil || len(seen) != 3 || seen[2].Name != "three" {
		t.Fatalf("%+v, %v", seen, err)
	}
	if m.asked[0].GetTailEvents() >= 0 || m.asked[0].GetTailId() != "" || m.asked[1].GetTailEvents() != 0 {
		t.Errorf("asked for %v", m.asked)
	}
}

func TestFollowingEndsForAReason(t *testing.T) {
	config := controlPlane(t)
	for name, c := range map[string]struct {
		events func(*machineapi.EventsRequest, grpc.ServerStreamingServer[machineapi.Event]) error
		says   string
	}{
		"not implemented": {nil, "Talos refused Events (Unimplemented)"},
		"not permitted": {func(*machineapi.EventsRequest, grpc.ServerStreamingServer[machineapi.Event]) error {
			return status.Error(codes.PermissionDenied, "not\x1bauthorized")
		}, "Talos refused Events (PermissionDenied): not?authorized"},
		"in the answer": {says(&machineapi.Event{Metadata: &common.Metadata{Error: "no such node"}}), "Talos refused Events (Unknown): no such node"},
		"too large":     {says(event("", &machineapi.PhaseEvent{Phase: strings.Repeat("p", 1<<20)})), "one is larger than 262144 bytes"},
		"endless": {func(_ *machineapi.EventsRequest, stream grpc.ServerStreamingServer[machineapi.Event]) error {
			for stream.Send(event("", &machineapi.PhaseEvent{})) == nil {
			}
			return nil
		}, "more than 100000 came"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newImitation(t)
			m.events = c.events
			m.run(config)
			if _, err := heard(t, soon(t), m, config, 1<<30); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// otherCA is that of another cluster.
func otherCA(t *testing.T) *taloscrypto.PEMEncodedCertificateAndKey {
	t.Helper()
	ca, err := taloscrypto.NewSelfSignedCertificateAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return taloscrypto.NewCertificateAndKeyFromCertificateAuthority(ca)
}

func TestOnlyTheRightMachineIsFollowed(t *testing.T) {
	config := controlPlane(t)
	for name, serve := range map[string]func(*imitation){
		"one in maintenance": (*imitation).maintain,
		"one of another CA":  func(m *imitation) { m.serve(signed(t, otherCA(t))) },
		"one that is closed": func(*imitation) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for its deadline
			m := newImitation(t)
			m.events = boots
			serve(m)
			seen, err := heard(t, briefly(t), m, config, 1)
			if !errors.Is(err, context.DeadlineExceeded) || len(seen) > 0 {
				t.Errorf("%v, %v", seen, err)
			}
		})
	}
	m := newImitation(t)
	m.events = boots
	m.run(config)
	err := talosapi.Follow(briefly(t), m.dial, "192.168.127.99", administrator(t, config), func(talosapi.Event) bool { return false })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "192.168.127.99") {
		t.Errorf("another address: %v", err)
	}
}

func TestAdministrator(t *testing.T) {
	authority, err := kubeadm.NewAuthority(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	worker := rendered(t, &provision.Join{Endpoint: "192.168.127.5:6443", Token: "abcdef.0123456789abcdef", CA: authority.Certificate, Kubernetes: "v1.36.1"})
	var none *talosapi.WorkerError
	if _, err := talosapi.Administrator(worker, time.Now(), time.Hour); !errors.As(err, &none) {
		t.Errorf("worker: %v", err)
	}
	config := controlPlane(t)
	key := "machine:\n  type: controlplane\n  ca:\n    crt: c2VjcmV0dGV4dA==\n    key: c2VjcmV0dGV4dA==\n"
	for name, text := range map[string]string{
		"empty": "", "no YAML": "\x00{", "another document": "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: secrettext\n",
		"damaged CA": "version: v1alpha1\n" + key, "unknown key": "version: v1alpha1\nsecrettext: 1\n" + config,
	} {
		if _, err := talosapi.Administrator(text, time.Now(), time.Hour); err == nil || strings.Contains(err.Error(), "secrettext") {
			t.Errorf("%s: %v", name, err)
		}
	}
	damaged := administrator(t, config)
	damaged.Key = []byte("x")
	if err := talosapi.Follow(soon(t), nil, address, damaged, nil); err == nil {
		t.Error("a damaged key was used")
	}
}
