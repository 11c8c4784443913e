package kubeadm_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

func authority(t *testing.T, now time.Time) kubeadm.Authority {
	t.Helper()
	a, err := kubeadm.NewAuthority(now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAdminIsKnownToTheCluster reads the kubeconfig as kubectl does, and lets
// the CA vouch for the certificate in it.
func TestAdminIsKnownToTheCluster(t *testing.T) {
	now := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	a := authority(t, now)
	text, err := a.AdminKubeconfig("192.168.127.5:6443", now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string
				CA     string `yaml:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Certificate string `yaml:"client-certificate-data"`
				Key         string `yaml:"client-key-data"`
			}
		}
		Current string `yaml:"current-context"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if config.Clusters[0].Cluster.Server != "https://192.168.127.5:6443" || config.Current != "distrolab" {
		t.Errorf("it is for %q in the context %q", config.Clusters[0].Cluster.Server, config.Current)
	}
	if ca, err := base64.StdEncoding.DecodeString(config.Clusters[0].Cluster.CA); err != nil || string(ca) != a.Certificate {
		t.Errorf("the CA is %q, %v", ca, err)
	}
	raw, err := base64.StdEncoding.DecodeString(config.Users[0].User.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(a.Certificate))
	for _, at := range []time.Duration{-time.Hour, 0, 364 * 24 * time.Hour} {
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now.Add(at), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Errorf("after %v: %v", at, err)
		}
	}
	if s := certificate.Subject; s.CommonName != "distrolab-admin" || fmt.Sprint(s.Organization) != "[kubeadm:cluster-admins]" {
		t.Errorf("the subject is %v", s)
	}
	if certificate.IsCA {
		t.Error("the administrator could sign")
	}
}

func TestHalvesThatDoNotBelongTogether(t *testing.T) {
	now := time.Now()
	a := authority(t, now)
	for name, bad := range map[string]kubeadm.Authority{
		"another key":    {Certificate: a.Certificate, Key: authority(t, now).Key},
		"no key":         {Certificate: a.Certificate},
		"no certificate": {Key: a.Key},
		"a broken key":   {Certificate: a.Certificate, Key: provision.Secret(strings.Replace(a.Key.Reveal(), "M", "N", 1))},
	} {
		_, err := bad.AdminKubeconfig("a:6443", now, rand.Reader)
		if err == nil || bad.Key != "" && strings.Contains(err.Error(), strings.Split(bad.Key.Reveal(), "\n")[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, server := range []string{"", "http://a", "https://u:p@a", "https://", "a b"} {
		if _, err := a.AdminKubeconfig(server, now, rand.Reader); err == nil {
			t.Errorf("the server %q is accepted", server)
		}
	}
}

func TestTokensAreTokens(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`)
	seen := map[string]bool{}
	letters := map[rune]int{}
	for range 2000 {
		token, err := kubeadm.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(token.Reveal()) || seen[token.Reveal()] {
			t.Fatalf("the token %q, %v", token.Reveal(), seen[token.Reveal()])
		}
		seen[token.Reveal()] = true
		for _, r := range token.Reveal() {
			letters[r]++
		}
	}
	// 2000 tokens have 1222 of each letter, give or take.
	for r, n := range letters {
		if r != '.' && (n < 1000 || n > 1450) {
			t.Errorf("%c is there %d times", r, n)
		}
	}
	if _, err := kubeadm.NewToken(iotest.ErrReader(errors.New("none"))); err == nil {
		t.Error("a token without randomness")
	}
	if _, err := kubeadm.NewAuthority(time.Now(), bytes.NewReader(nil)); err == nil {
		t.Error("a CA without randomness")
	}
}
