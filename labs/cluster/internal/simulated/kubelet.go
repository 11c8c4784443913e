// Package simulated has a simulated kubelet: it joins a cluster by a bootstrap
// token as a kubelet does, and says over the API what a kubelet says, but there
// is no machine and no container behind it.
//
// It is for tests of what watches joins, and for the API side of configs whose
// systems cannot be started here. What it shows is a result of no system. It
// touches nothing but the API server.
package simulated

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// askEvery is how often the kubelet asks for what it waits for.
const askEvery = 20 * time.Millisecond

// retryEvery is how often it repeats what did not reach the API server.
const retryEvery = 200 * time.Millisecond

// Step is a part of a join, in this order.
type Step string

// The steps of a join.
const (
	Request  Step = "request"  // asks for a certificate
	Issued   Step = "issued"   // has the certificate
	Register Step = "register" // makes its Node
	Lease    Step = "lease"    // makes its Lease
	Ready    Step = "ready"    // says that it is ready
)

// Credentials are what a machine's config says about the cluster.
type Credentials struct {
	Server string // https URL
	Token  string // bootstrap token
	CA     string // PEM
}

// Kubelet is a simulated kubelet.
type Kubelet struct {
	Name string
	Credentials
	Dial        func(ctx context.Context, network, address string) (net.Conn, error) // nil: an ordinary connection
	LikeKubeadm bool                                                                 // refuses the name of a Node that is Ready, as kubeadm does before it starts the kubelet
	Before      func(ctx context.Context, step Step) error                           // called before each step; may be nil
}

// NameTakenError says that the cluster has a Node of that name that is Ready.
type NameTakenError struct{ Node string }

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("simulated kubelet: a Node %s exists and is Ready", e.Node)
}

// DeniedError says that the cluster refused the certificate.
type DeniedError struct{ Node, Message string }

func (e *DeniedError) Error() string {
	return fmt.Sprintf("simulated kubelet: the certificate of %s was denied: %s", e.Node, e.Message)
}

// Join joins the cluster and returns when it has said that it is ready. What
// does not reach the API server is repeated until ctx ends; what is refused is
// an error.
func (k *Kubelet) Join(ctx context.Context) error {
	bootstrap, err := k.client(&rest.Config{BearerToken: k.Token})
	if err != nil {
		return err
	}
	if k.LikeKubeadm {
		if err := k.refuseTaken(ctx, bootstrap); err != nil {
			return err
		}
	}
	config, err := k.certificate(ctx, bootstrap)
	if err != nil {
		return err
	}
	client, err := k.client(config)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		step Step
		do   func(context.Context, dynamic.Interface) error
	}{{Register, k.register}, {Lease, k.lease}, {Ready, k.ready}} {
		if err := k.before(ctx, s.step); err != nil {
			return err
		}
		if err := persist(ctx, func() error { return s.do(ctx, client) }); err != nil {
			return fmt.Errorf("simulated kubelet %s: %s: %w", k.Name, s.step, err)
		}
	}
	return nil
}

// client adds to a config what it has in common with all others. The program's
// name in the user agent is by what the API server tells writers apart.
func (k *Kubelet) client(config *rest.Config) (dynamic.Interface, error) {
	config.Host, config.CAData = k.Server, []byte(k.CA)
	config.UserAgent = "kubelet/v1.36.1 (simulated by distrolab's tests)"
	config.QPS, config.Dial = -1, k.Dial
	return dynamic.NewForConfig(config)
}

func (k *Kubelet) before(ctx context.Context, step Step) error {
	if k.Before == nil {
		return nil
	}
	return k.Before(ctx, step)
}

// persist repeats what did not reach the API server.
func persist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || answered(err) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(retryEvery):
		}
	}
}

// answered says whether the error is one that repeating does not change: the
// API server refused, or is not the one it should be.
func answered(err error) bool {
	return apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) || apierrors.IsAlreadyExists(err) ||
		apierrors.IsInvalid(err) || apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) || isCertificate(err)
}

// refuseTaken looks for a Node of the same name with the bootstrap token.
func (k *Kubelet) refuseTaken(ctx context.Context, client dynamic.Interface) error {
	var node *unstructured.Unstructured
	err := persist(ctx, func() (err error) {
		node, err = client.Resource(nodes()).Get(ctx, k.Name, metav1.GetOptions{})
		return err
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("simulated kubelet %s: looking for a Node of that name: %w", k.Name, err)
	}
	if isReady(node) {
		return &NameTakenError{k.Name}
	}
	return nil
}

// certificate asks for a client certificate and waits for it.
func (k *Kubelet) certificate(ctx context.Context, client dynamic.Interface) (*rest.Config, error) {
	if err := k.before(ctx, Request); err != nil {
		return nil, err
	}
	key, request, err := k.request()
	if err != nil {
		return nil, fmt.Errorf("simulated kubelet %s: %w", k.Name, err)
	}
	object := newObject("certificates.k8s.io/v1", "CertificateSigningRequest", requestName())
	object.Object["spec"] = map[string]any{
		"request": base64.StdEncoding.EncodeToString(request), "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
		"usages": []any{"digital signature", "client auth"},
	}
	err = persist(ctx, func() error {
		_, err := client.Resource(requests()).Create(ctx, object, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("simulated kubelet %s: asking for a certificate: %w", k.Name, err)
	}
	issued, err := k.await(ctx, client, object.GetName())
	if err != nil {
		return nil, err
	}
	if err := k.before(ctx, Issued); err != nil {
		return nil, err
	}
	return &rest.Config{TLSClientConfig: rest.TLSClientConfig{CertData: issued, KeyData: key}}, nil
}

// await asks for the certificate until it is there or denied.
func (k *Kubelet) await(ctx context.Context, client dynamic.Interface, name string) ([]byte, error) {
	for {
		var object *unstructured.Unstructured
		err := persist(ctx, func() (err error) {
			object, err = client.Resource(requests()).Get(ctx, name, metav1.GetOptions{})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("simulated kubelet %s: waiting for its certificate: %w", k.Name, err)
		}
		if text, _, _ := unstructured.NestedString(object.Object, "status", "certificate"); text != "" {
			return base64.StdEncoding.DecodeString(text)
		}
		if message, denied := conditionMessage(object, "Denied"); denied {
			return nil, &DeniedError{k.Name, message}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("simulated kubelet %s: waiting for its certificate: %w", k.Name, context.Cause(ctx))
		case <-time.After(askEvery):
		}
	}
}

// request makes a key and asks for its certificate, both PEM.
func (k *Kubelet) request() (key, request []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "system:node:" + k.Name, Organization: []string{"system:nodes"}},
	}, private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

func requestName() string {
	var random [16]byte
	rand.Read(random[:])
	return "node-csr-" + hex.EncodeToString(random[:])
}

func nodes() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
}

func leases() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}
}

func requests() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "certificates.k8s.io", Version: "v1", Resource: "certificatesigningrequests"}
}
