package provision

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of lists that name servers and packages.
const (
	maxPackages  = 200
	maxServers   = 16
	maxMirrors   = 64
	maxURL       = 1024  // bytes
	maxCA        = 65536 // bytes of the PEM text
	oldestJoined = 22    // minor version; kubeadm's documents before it had another shape
	minPodBits   = 3     // of a pods' network: 8 addresses
)

func (c *checker) packages(names []string) {
	if len(names) > maxPackages {
		c.add("packages", "%d are more than the limit of %d; build them into the image", len(names), maxPackages)
	}
	for i, name := range names {
		at := fmt.Sprintf("packages[%d]", i)
		switch {
		case !forms().pkg.MatchString(name):
			c.add(at, "%q must be the name of one package, such as tcpdump", name)
		case slices.Contains(names[:i], name):
			c.add(at, "%q is there twice", name)
		}
	}
}

func (c *checker) time(t Time) {
	if len(t.NTP) > maxServers {
		c.add("time.ntp", "%d servers are more than the limit of %d", len(t.NTP), maxServers)
	}
	for i, server := range t.NTP {
		at := fmt.Sprintf("time.ntp[%d]", i)
		switch {
		case !isServer(server):
			c.add(at, "%q must be the name or address of a time server, such as time.example.org", server)
		case slices.Contains(t.NTP[:i], server):
			c.add(at, "%q is there twice", server)
		}
	}
}

// isServer accepts an address or a DNS name.
func isServer(s string) bool {
	if addr, err := netip.ParseAddr(s); err == nil {
		return isHost(addr)
	}
	return IsDNSName(s)
}

// IsDNSName reports whether s is the name of a host and no address.
func IsDNSName(s string) bool {
	return len(s) <= 253 && forms().dnsName.MatchString(s) && !forms().number.MatchString(s)
}

func (c *checker) registries(r Registries) {
	if len(r.Mirrors) > maxMirrors {
		c.add("registries.mirrors", "%d registries are more than the limit of %d", len(r.Mirrors), maxMirrors)
	}
	for _, name := range r.Hosts() {
		at := fmt.Sprintf("registries.mirrors[%s]", printable(name))
		if !forms().registry.MatchString(name) || strings.Contains(name, "..") {
			c.add(at, "%q must be the host of a registry, such as docker.io or registry.k8s.io", name)
		}
		if len(r.Mirrors[name]) == 0 || len(r.Mirrors[name]) > maxServers {
			c.add(at, "needs 1 to %d mirrors", maxServers)
		}
		for i, mirror := range r.Mirrors[name] {
			c.mirror(fmt.Sprintf("%s[%d]", at, i), mirror)
		}
	}
}

// mirror accepts the URL of a registry. Letters that mean something in TOML,
// YAML or a shell have no place in one.
func (c *checker) mirror(at, text string) {
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		c.add(at, "must not hold a password; the mirrors of a lab ask for none")
	case err != nil || len(text) > maxURL || !forms().mirror.MatchString(text) || u.Hostname() == "":
		c.add(at, "%q must be the http or https address of a registry, such as http://192.168.127.1:5000", text)
	}
}

// Hosts lists the mirrored registries, sorted.
func (r Registries) Hosts() []string {
	hosts := make([]string, 0, len(r.Mirrors))
	for host := range r.Mirrors {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return hosts
}

// Certificate parses the cluster's CA certificate. More than one, or one that
// may not sign, is an error.
func (j Join) Certificate() (*x509.Certificate, error) {
	if len(j.CA) > maxCA {
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", len(j.CA), maxCA)
	}
	block, rest := pem.Decode([]byte(j.CA))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" || !strings.HasPrefix(strings.TrimSpace(j.CA), "-----BEGIN") {
		return nil, fmt.Errorf("must be one PEM certificate, the text of /etc/kubernetes/pki/ca.crt")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	switch {
	case err != nil:
		return nil, fmt.Errorf("is not a certificate: %w", err)
	case !cert.IsCA:
		return nil, fmt.Errorf("is not a CA's certificate; take /etc/kubernetes/pki/ca.crt")
	}
	return cert, nil
}

// Minor is the minor version of the cluster: 36 of v1.36.1.
func (j Join) Minor() (int, error) {
	rest, found := strings.CutPrefix(j.Kubernetes, "v1.")
	minor, patch, dotted := strings.Cut(rest, ".")
	if !found || !dotted || !isNumber(minor) || !isNumber(patch) {
		return 0, fmt.Errorf("%q must be a release of Kubernetes, such as v1.36.1", j.Kubernetes)
	}
	return strconv.Atoi(minor)
}

// isNumber accepts up to four digits, without a zero in front.
func isNumber(s string) bool {
	if s == "" || len(s) > 4 || len(s) > 1 && s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
