package cluster_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/internal/clustertest"
	"distrolab/labs/observe"
	"distrolab/provision"
)

// patience is how long a test waits for what usually takes a second.
const patience = 2 * time.Minute

// control is the control plane that all tests of this package share; it is
// started by the first that needs it and stopped by TestMain.
var control struct {
	once    sync.Once
	cluster *clustertest.Cluster
	dir     string
	err     error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if control.cluster != nil {
		control.cluster.Stop()
	}
	os.RemoveAll(control.dir)
	os.Exit(code)
}

// controlPlane gives the shared control plane.
func controlPlane(t *testing.T) *clustertest.Cluster {
	t.Helper()
	programs := clustertest.Programs(t)
	control.once.Do(func() {
		if control.dir, control.err = os.MkdirTemp("", "distrolab-cluster-"); control.err == nil {
			control.cluster, control.err = clustertest.Start(context.Background(), programs, control.dir)
		}
	})
	if control.err != nil {
		t.Fatal(control.err)
	}
	return control.cluster
}

// connect gives an administrator's client of a control plane that is ready.
func connect(t *testing.T, control *clustertest.Cluster) *cluster.Client {
	t.Helper()
	kubeconfig, err := control.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := cluster.Connect(kubeconfig, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	return client
}

// within bounds what a test waits for.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newToken makes a bootstrap token that is valid for an hour.
func newToken(t *testing.T, client *cluster.Client) provision.Secret {
	t.Helper()
	token := randomToken()
	if err := client.CreateToken(within(t), token, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return token
}

func randomToken() provision.Secret {
	text := strings.ToLower(rand.Text())
	return provision.Secret(text[:6] + "." + text[6:22])
}

// newKubelet gives a simulated kubelet of a name that no other test uses.
func newKubelet(t *testing.T, control *clustertest.Cluster, token provision.Secret) *simulated.Kubelet {
	t.Helper()
	return &simulated.Kubelet{
		Name:        "simulated-" + strings.ToLower(rand.Text()[:8]),
		Credentials: simulated.Credentials{Server: "https://" + control.Endpoint(), Token: token.Reveal(), CA: control.CA()},
	}
}

// marked is one milestone that a watch marked.
type marked struct {
	m   observe.Milestone
	at  time.Time
	q   observe.Quality
	raw string
}

// marks collects what a watch marks.
type marks struct {
	mu  sync.Mutex
	all []marked
}

func (r *marks) mark(m observe.Milestone, at time.Time, src observe.Source, err time.Duration, q observe.Quality, raw string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, marked{m, at, q, raw})
}

func (r *marks) list() []marked {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

func (r *marks) find(m observe.Milestone) (marked, bool) {
	for _, x := range r.list() {
		if x.m == m {
			return x, true
		}
	}
	return marked{}, false
}

// wait returns when all of them were marked.
func (r *marks) wait(t *testing.T, w *cluster.Watch, all ...observe.Milestone) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for _, m := range all {
		for {
			if _, ok := r.find(m); ok {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s was not marked; %s; faults %v; marked %v", m, w.State(), w.Faults(), r.list())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// seenByWatch are the milestones that a watch of the API sees.
func seenByWatch() []observe.Milestone {
	return []observe.Milestone{
		observe.CSRCreated, observe.CSRApproved, observe.CSRIssued, observe.NodeRegistered, observe.LeaseFirst,
		observe.PodCIDR, observe.CNIReady, observe.NodeReady, observe.Schedulable,
	}
}

// watch opens a watch that ends with the test.
func watch(t *testing.T, client *cluster.Client, node string) (*cluster.Watch, *marks) {
	t.Helper()
	r := &marks{}
	w, err := client.Watch(t.Context(), node, r.mark)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, r
}

func (m marked) String() string {
	return fmt.Sprintf("%s %s %s (%s)", m.at.Format("05.000000"), m.m, m.q, m.raw)
}

// otherCA makes the certificate of a CA that has nothing to do with the cluster.
func otherCA(t *testing.T) string {
	t.Helper()
	own := selfSigned(t, &x509.Certificate{NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)})
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Leaf.Raw}))
}

// selfSigned makes a certificate that is its own CA.
func selfSigned(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(1), pkix.Name{CommonName: "kubernetes"}
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// parsed reads a certificate in PEM.
func parsed(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// quiet takes what servers say about clients that refuse them.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// awaitUnsigned returns when the cluster no longer signs with the token.
func awaitUnsigned(t *testing.T, client *cluster.Client, token provision.Secret) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		signed, err := client.Signs(within(t), token)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the cluster signs with a token that was deleted: %v", err)
		}
		if !signed {
			return
		}
	}
}
