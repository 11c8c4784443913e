package talosapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/grpc/status"
)

// Applied is what became of a config that was sent.
type Applied struct {
	// Confirmed is false where the machine took the config and the answer was
	// lost: it then asked for a client certificate, as only a configured
	// machine does.
	Confirmed bool
	Attempts  int           // how often a connection was tried
	Took      time.Duration // from sending the config to the answer, where confirmed
	Warnings  []string      // Talos's own words: printable, bounded, without secrets
	Mode      string        // how Talos carries it out, such as "auto"
}

// Apply waits for a machine that waits for its config, and sends it. Until it
// is sent, nothing about the port is an error but the end of ctx: the machine
// may still boot. The connection is encrypted and nobody's identity is known
// on it, which is how this mode of Talos is; a lab's network is closed.
//
// It returns a [*RefusedError] where Talos does not take the config and a
// [*ConfiguredError] where the machine had one before.
func Apply(ctx context.Context, dial Dialer, config string) (Applied, error) {
	if strings.TrimSpace(config) == "" || len(config) > maxConfig-1024 {
		return Applied{}, fmt.Errorf("sending Talos its config: it has %d bytes; between 1 and %d can be sent", len(config), maxConfig-1024)
	}
	a := &applying{dial: dial, config: config, scrub: newScrubber(config)}
	wait := &waiting{doing: "waiting for Talos to take its config"}
	for {
		a.attempts++
		applied, err := a.once(ctx)
		var again *againError
		if !errors.As(err, &again) {
			return applied, err
		}
		if a.sent {
			wait.doing = "waiting for Talos to confirm its config, which was sent and whose answer was lost"
		}
		if err := wait.again(ctx, again.last); err != nil {
			return Applied{}, err
		}
	}
}

// applying is one config on its way.
type applying struct {
	dial     Dialer
	config   string
	scrub    scrubber
	attempts int
	sent     bool // the machine may have it
}

// againError says that an attempt came to nothing and another may not.
type againError struct{ last error }

// Error is that of the attempt.
func (e *againError) Error() string { return e.last.Error() }

// maintenance takes any certificate: the machine makes its own at each boot,
// and nobody knows it beforehand.
func maintenance() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
}

func (a *applying) once(ctx context.Context) (Applied, error) {
	l, err := connect(a.dial, maintenance())
	if err != nil {
		return Applied{}, err
	}
	defer l.close()
	call, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	before := time.Now()
	answer, err := machineapi.NewMachineServiceClient(l.conn).ApplyConfiguration(call, &machineapi.ApplyConfigurationRequest{
		Data: []byte(a.config), Mode: machineapi.ApplyConfigurationRequest_AUTO,
	})
	took := time.Since(before)
	if err == nil {
		return a.read(answer, took)
	}
	if l.guarded.Load() {
		if a.sent {
			return Applied{Attempts: a.attempts}, nil
		}
		return Applied{}, &ConfiguredError{}
	}
	a.sent = a.sent || l.greeted.Load()
	last, passes := l.passing(ctx, err)
	switch {
	case passes:
		return Applied{}, &againError{a.clean(last)}
	case tooLarge(err):
		return Applied{}, fmt.Errorf("sending Talos its config: the answer is larger than %d bytes, so it is no Talos", maxMessage)
	}
	return Applied{}, a.refused(err)
}

// clean blanks secrets in an error without losing what it is.
func (a *applying) clean(err error) error {
	if text := a.scrub.clean(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

func (a *applying) refused(err error) error {
	s := status.Convert(err)
	return &RefusedError{Call: "ApplyConfiguration", Code: s.Code().String(), Message: a.scrub.clean(s.Message())}
}

// read checks an answer. There is one message for each machine asked.
func (a *applying) read(answer *machineapi.ApplyConfigurationResponse, took time.Duration) (Applied, error) {
	if n := len(answer.GetMessages()); n != 1 {
		return Applied{}, fmt.Errorf("sending Talos its config: it answered for %d machines and not for one, so it is no Talos or a newer one", n)
	}
	m := answer.GetMessages()[0]
	if problem := m.GetMetadata().GetError(); problem != "" {
		return Applied{}, &RefusedError{Call: "ApplyConfiguration", Code: "Unknown", Message: a.scrub.clean(problem)}
	}
	return Applied{
		Confirmed: true, Attempts: a.attempts, Took: took,
		Warnings: a.scrub.cleanAll(m.GetWarnings()), Mode: strings.ToLower(bounded(m.GetMode().String())),
	}, nil
}
