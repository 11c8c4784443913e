package provision

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// source checks a file that is fetched: where from, and by what it is known.
func (c *checker) source(at string, f File) {
	switch {
	case f.Source == "" && f.SHA256 != "":
		c.add(at+".sha256", "belongs to a source, and there is none; content is not checked")
	case f.Source != "" && f.Content != "":
		c.add(at+".source", "excludes content; leave one of them out")
	case f.Source != "":
		c.remote(at+".source", at+".sha256", f.Source, f.SHA256)
	}
}

// remote checks an address and the sum of what is there.
func (c *checker) remote(atAddress, atSum, address, sum string) {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.User != nil:
		c.add(atAddress, "must not hold a password; a config is no place for one")
	case err != nil || len(address) > maxURL || !forms().source.MatchString(address) || u.Hostname() == "":
		c.add(atAddress, "%q must be the http or https address of a file, without a query, such as http://192.168.127.1/tool", address)
	}
	if !forms().sum.MatchString(sum) {
		c.add(atSum, "must be the SHA-256 of the file as sha256sum prints it: 64 digits of 0-9a-f")
	}
}

// kubernetes checks what makes the machine a node.
func (c *checker) kubernetes(i Intent) {
	switch {
	case i.Node != nil && i.Join != nil:
		c.add("node", "excludes join, which has bundle and pods itself")
	case i.Node != nil:
		c.node("node", *i.Node, i.Network)
	case i.Join != nil:
		c.join(*i.Join)
		node, _ := i.KubernetesNode()
		c.node("join", node, i.Network)
	}
}

// node checks where Kubernetes comes from and the network of its pods.
func (c *checker) node(at string, n Node, net Network) {
	if b := n.Bundle; b != nil {
		c.remote(at+".bundle.url", at+".bundle.sha256", b.URL, b.SHA256)
	}
	if n.Pods == "" {
		return
	}
	pods, err := netip.ParsePrefix(n.Pods)
	if err != nil || pods != pods.Masked() || !isHost(pods.Addr()) || pods.Bits() < 8 || pods.Addr().BitLen()-pods.Bits() < minPodBits {
		c.add(at+".pods", "%q must be a network for the pods of this node, such as 10.244.1.0/24", n.Pods)
		return
	}
	for _, text := range net.Addresses {
		if own, err := netip.ParsePrefix(text); err == nil && pods.Contains(own.Addr()) {
			c.add(at+".pods", "%q holds %s, the machine's own address", n.Pods, text)
		}
	}
}

// join checks what a worker needs. The token is never part of a message.
func (c *checker) join(j Join) {
	host, port, err := net.SplitHostPort(j.Endpoint)
	if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || number == 0 || !isServer(host) {
		c.add("join.endpoint", "%q must be the host and port of the API server, such as 192.168.127.10:6443", j.Endpoint)
	}
	if !forms().token.MatchString(j.Token.Reveal()) {
		c.add("join.token", "must be a bootstrap token: 6 characters, a dot, 16 characters, as `kubeadm token create` prints it")
	}
	if _, err := j.Certificate(); err != nil {
		c.add("join.ca", "%v", err)
	}
	if minor, err := j.Minor(); err != nil {
		c.add("join.kubernetes", "%v", err)
	} else if minor < oldestJoined {
		c.add("join.kubernetes", "%s is older than v1.%d, the oldest that distrolab writes join documents for", j.Kubernetes, oldestJoined)
	}
}
