package cluster_test

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/observe"
	"distrolab/provision"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// refused lets a kubelet join in vain: the API server refuses it at once, and
// the watch sees nothing of it.
func refused(t *testing.T, kubelet *simulated.Kubelet) error {
	t.Helper()
	client := connect(t, controlPlane(t))
	w, seen := watch(t, client, kubelet.Name)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := kubelet.Join(ctx)
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the join ended with %v; want a refusal", err)
	}
	if got := seen.list(); len(got) > 0 {
		t.Errorf("marked %v", got)
	}
	if want := "no certificate signing request and no Node of " + kubelet.Name + " came to the API server"; w.State() != want {
		t.Errorf("state %q, want %q", w.State(), want)
	}
	return err
}

func TestWrongTokenIsRefused(t *testing.T) {
	control := controlPlane(t)
	token := newToken(t, connect(t, control))
	wrong := provision.Secret(token.Reveal()[:7] + "0123456789abcdef")
	if err := refused(t, newKubelet(t, control, wrong)); !apierrors.IsUnauthorized(err) {
		t.Errorf("right id, wrong secret: %v", err)
	}
	if err := refused(t, newKubelet(t, control, randomToken())); !apierrors.IsUnauthorized(err) {
		t.Errorf("a token that nobody made: %v", err)
	}
}

func TestDeletedTokenIsRefused(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	token := newToken(t, client)
	for range 2 { // one that is not there is deleted without an error
		if err := client.DeleteToken(within(t), token); err != nil {
			t.Fatal(err)
		}
	}
	if err := refused(t, newKubelet(t, control, token)); !apierrors.IsUnauthorized(err) {
		t.Error(err)
	}
}

// An expired token is refused by the authenticator, whether or not the
// controller that deletes such tokens has done so.
func TestExpiredTokenIsRefused(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)

	t.Run("before it is deleted", func(t *testing.T) {
		if err := control.Kill("kube-controller-manager"); err != nil {
			t.Fatal(err)
		}
		token := randomToken()
		err := client.CreateToken(within(t), token, time.Now().Add(-time.Minute))
		if err == nil {
			err = refused(t, newKubelet(t, control, token))
		}
		there, asked := client.HasToken(within(t), token)
		if !apierrors.IsUnauthorized(err) || !there || asked != nil {
			t.Errorf("refused with %v; the token's secret is there: %v, %v", err, there, asked)
		}
		if err := control.StartControllers(); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("after it was deleted", func(t *testing.T) {
		newToken(t, client) // signed: the controllers are back
		token := randomToken()
		if err := client.CreateToken(within(t), token, time.Now().Add(2*time.Second)); err != nil {
			t.Fatal(err)
		}
		kubelet := newKubelet(t, control, token)
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			there, err := client.HasToken(within(t), token)
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("the controller does not delete the token: %v", err)
			}
			if !there {
				break
			}
		}
		if err := refused(t, kubelet); !apierrors.IsUnauthorized(err) {
			t.Error(err)
		}
	})
}

// A token of the same id is replaced, so that its new secret is the valid one.
func TestTokenIsReplaced(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	old := newToken(t, client)
	fresh := old[:7] + randomToken()[7:]
	if err := client.CreateToken(within(t), fresh, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for { // the API server knows the old one for a moment more
		err := newKubelet(t, control, fresh).Join(within(t))
		if err == nil {
			break
		}
		if !apierrors.IsUnauthorized(err) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := refused(t, newKubelet(t, control, old)); !apierrors.IsUnauthorized(err) {
		t.Error(err)
	}
}

func TestWrongCAIsRefused(t *testing.T) {
	control := controlPlane(t)
	kubelet := newKubelet(t, control, newToken(t, connect(t, control)))
	kubelet.CA = otherCA(t)
	err := refused(t, kubelet)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("the simulated kubelet with another CA: %v", err)
	}
}

// A refused request for a certificate is told with the reason, whose text may
// be anything.
func TestDeniedCertificateIsTold(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	kubelet := newKubelet(t, control, newToken(t, client))
	w, seen := watch(t, client, kubelet.Name)
	if err := control.Kill("kube-controller-manager"); err != nil { // nobody approves
		t.Fatal(err)
	}
	defer func() {
		if err := control.StartControllers(); err != nil {
			t.Error(err)
		}
	}()
	ended := make(chan error, 1)
	ctx := within(t)
	go func() { ended <- kubelet.Join(ctx) }()
	seen.wait(t, w, observe.CSRCreated)
	awaitState(t, w, "the certificate signing request of "+kubelet.Name+" was not approved")
	if err := client.Deny(within(t), w.Request(), "\x1b[31mnot\nwanted"); err != nil {
		t.Fatal(err)
	}
	var denied *simulated.DeniedError
	if err := <-ended; !errors.As(err, &denied) {
		t.Errorf("the simulated kubelet's join ended with %v", err)
	}
	want := `the cluster answered the node's certificate signing request with Denied: ByTest \x1b[31mnot wanted`
	awaitState(t, w, want)
	if faults := w.Faults(); len(faults) != 1 || faults[0].Text != want {
		t.Errorf("faults %v", faults)
	}
	if _, ok := seen.find(observe.CSRApproved); ok {
		t.Error("a denied request was marked as approved")
	}
	if strings.ContainsAny(w.State(), "\x1b\n") {
		t.Error("the server's text is not printable")
	}
}
