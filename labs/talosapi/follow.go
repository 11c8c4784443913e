package talosapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/grpc/status"
)

// maxEvents is far more than a machine says in a day; more is a fault of the
// machine, which must not keep the lab busy.
const maxEvents = 100_000

// Follow waits for the API of a machine that has its config, and gives saw
// every event, also those from before the connection, until saw returns false.
// host is the machine's address or name, which its certificate must have. A
// connection that ends is opened again and goes on after the last event.
//
// A worker of a cluster that kubeadm made never gets that far; see
// [WorkerError]. Until the API answers with the right certificate nothing is
// an error but the end of ctx, because in maintenance mode the same port has
// another one.
func Follow(ctx context.Context, dial Dialer, host string, who Credentials, saw func(Event) bool) error {
	secure, err := who.mutual(host)
	if err != nil {
		return err
	}
	f := &following{dial: dial, secure: secure, saw: saw}
	wait := &waiting{doing: "following the events of Talos"}
	for {
		err := f.once(ctx)
		var again *againError
		if !errors.As(err, &again) {
			return err
		}
		if err := wait.again(ctx, again.last); err != nil {
			return err
		}
	}
}

type following struct {
	dial   Dialer
	secure *tls.Config
	saw    func(Event) bool
	last   string // ID of the last event
	count  int
}

// request asks for all past events at first, later for those after the last.
func (f *following) request() *machineapi.EventsRequest {
	if f.last == "" {
		return &machineapi.EventsRequest{TailEvents: -1}
	}
	return &machineapi.EventsRequest{TailId: f.last}
}

// once follows one connection. It returns nil when saw has seen enough.
func (f *following) once(ctx context.Context) error {
	l, err := connect(f.dial, f.secure)
	if err != nil {
		return err
	}
	defer l.close()
	streaming, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := machineapi.NewMachineServiceClient(l.conn).Events(streaming, f.request())
	for err == nil {
		var e *machineapi.Event
		if e, err = stream.Recv(); err != nil {
			break
		}
		if problem := e.GetMetadata().GetError(); problem != "" {
			return &RefusedError{Call: "Events", Code: "Unknown", Message: bounded(problem)}
		}
		event, ok := decode(e, time.Now())
		if !ok {
			continue
		}
		if f.count++; f.count > maxEvents {
			return fmt.Errorf("following the events of Talos: more than %d came, which no machine says", maxEvents)
		}
		if e.GetId() != "" && len(e.GetId()) <= maxText {
			f.last = e.GetId()
		}
		if !f.saw(event) {
			return nil
		}
	}
	return f.ended(ctx, l, err)
}

// ended says what the end of a stream means.
func (f *following) ended(ctx context.Context, l *link, err error) error {
	if errors.Is(err, io.EOF) {
		return &againError{errors.New("the machine ended the stream")}
	}
	if tooLarge(err) {
		return fmt.Errorf("following the events of Talos: one is larger than %d bytes, which no machine says", maxMessage)
	}
	last, passes := l.passing(ctx, err)
	if passes {
		return &againError{last}
	}
	s := status.Convert(err)
	return &RefusedError{Call: "Events", Code: s.Code().String(), Message: bounded(s.Message())}
}
