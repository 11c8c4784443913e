package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"distrolab/provision"
)

// A kubeconfig with its signature beside it, as RFC 7515 has it: HMAC with
// SHA-256 over header and payload.
const (
	signedInfo = `{"data":{"kubeconfig":"apiVersion: v1\n","jws-kubeconfig-abcdef":"eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..%s"}}`
	infoPath   = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	token      = provision.Secret("abcdef.0123456789abcdef")
)

func TestTokenIsGivenOutWhenItIsSigned(t *testing.T) {
	right := signature("0123456789abcdef", `eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9`, "apiVersion: v1\n")
	var asked atomic.Int32
	_, client := newImitation(t, map[string]http.HandlerFunc{infoPath: func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1:
			fmt.Fprint(w, `{"data":{"kubeconfig":"apiVersion: v1\n"}}`)
		case 2:
			fmt.Fprintf(w, signedInfo, "not base64!")
		case 3: // by the secret that the token had before
			fmt.Fprintf(w, signedInfo, signature("fedcba9876543210", `eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9`, "apiVersion: v1\n"))
		default:
			fmt.Fprintf(w, signedInfo, right)
		}
	}})
	if err := client.CreateToken(within(t), token, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 4 {
		t.Errorf("given out after %d questions, want 4", n)
	}
}

func TestTokenOfAClusterThatSignsNothing(t *testing.T) {
	_, client := newImitation(t, map[string]http.HandlerFunc{infoPath: says(404, "")})
	if err := client.CreateToken(within(t), token, time.Now().Add(time.Hour)); err != nil {
		t.Errorf("a cluster without cluster-info: %v", err)
	}
	_, client = newImitation(t, nil) // signs never, but the token has expired before
	if err := client.CreateToken(within(t), token, time.Now().Add(-time.Hour)); err != nil {
		t.Errorf("a token that is no longer valid: %v", err)
	}
}

func TestWhatIsNoToken(t *testing.T) {
	s, client := newImitation(t, nil)
	for _, text := range []provision.Secret{"", "abcdef", "ABCDEF.0123456789abcdef", "abcdef.0123456789abcde/", "abcdef.0123456789abcdef\n"} {
		err := client.CreateToken(within(t), text, time.Now())
		if err == nil || len(text) > 6 && strings.Contains(err.Error(), text.Reveal()) {
			t.Errorf("%q: %v", text.Reveal(), err)
		}
		if err := client.DeleteToken(within(t), text); err == nil {
			t.Errorf("DeleteToken(%q) is accepted", text.Reveal())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) > 0 {
		t.Errorf("asked the server: %v", s.asked)
	}
}

func TestTokenThatCannotBeShownAgain(t *testing.T) {
	const unsigned = `{"data":{"kubeconfig":"apiVersion: v1\n"}}`
	asking := func(code int) error {
		_, client := newImitation(t, map[string]http.HandlerFunc{
			infoPath: says(200, unsigned),
			"/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef": says(code, `{"kind":"Status"}`),
		})
		client.Reshow(time.Nanosecond)
		return client.CreateToken(within(t), token, time.Now().Add(time.Second))
	}
	if err := asking(404); err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("a cluster that is ahead by hours: %v", err)
	}
	if err := asking(403); err != nil {
		t.Errorf("an administrator who may not change tokens waits no longer: %v", err)
	}
	if err := asking(500); err == nil {
		t.Error("a server that fails is no error")
	}
}

// TestTokenThatTheSignerDropped has the real signer fail at its only try, as it
// does when the API server refuses or is too busy.
func TestTokenThatTheSignerDropped(t *testing.T) {
	client := connect(t, controlPlane(t))
	client.Reshow(time.Second)
	if err := client.SignerRights(within(t), false); err != nil {
		t.Fatal(err)
	}
	given := false
	giveBack := func() {
		if !given {
			given = true
			if err := client.SignerRights(context.WithoutCancel(t.Context()), true); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(giveBack)
	ctx, fresh, made := within(t), randomToken(), make(chan error, 1)
	go func() { made <- client.CreateToken(ctx, fresh, time.Now().Add(time.Hour)) }()
	select {
	case err := <-made:
		t.Fatalf("a signer without the right to sign has signed: %v", err)
	case <-time.After(3 * time.Second):
	}
	giveBack()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if signed, err := client.Signs(within(t), fresh); err != nil || !signed {
		t.Errorf("the token is signed: %v, %v", signed, err)
	}
}
