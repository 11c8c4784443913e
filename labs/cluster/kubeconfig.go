package cluster

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientapi "k8s.io/client-go/tools/clientcmd/api"
)

// Access is what a kubeconfig's current context says of its cluster.
type Access struct {
	Endpoint string // host:port of the API server
	CA       string // PEM
}

// ReadKubeconfig reads the text of a kubeconfig that holds its CA itself.
func ReadKubeconfig(text []byte) (Access, error) {
	if len(text) > maxKubeconfig {
		return Access{}, fmt.Errorf("reading kubeconfig: it is longer than %d bytes", maxKubeconfig)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		return Access{}, fmt.Errorf("reading kubeconfig: %w", err)
	}
	if len(config.CAData) == 0 {
		return Access{}, errors.New("it holds no CA certificate itself (certificate-authority-data); `kubectl config view --flatten --raw` writes one that does")
	}
	endpoint, err := hostPort(config.Host)
	return Access{Endpoint: endpoint, CA: string(config.CAData)}, err
}

// hostPort reads the address of a kubeconfig's server.
func hostPort(server string) (string, error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("its server %.128q is no address", server)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && addr.IsLoopback() || u.Hostname() == "localhost" {
		return "", fmt.Errorf("its server %.128s is this machine's loopback, which no guest reaches; give --endpoint", u.Host)
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// MergeKubeconfig adds the current context of the kubeconfig at from to the one
// at into, under a name of its own, and leaves everything else there as it is,
// the current context too. A file that is not there is made (0600).
func MergeKubeconfig(from, into, name string) error {
	added, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	use := added.Contexts[added.CurrentContext]
	if use == nil {
		return fmt.Errorf("reading %s: it has no current context", from)
	}
	mine, err := clientcmd.LoadFromFile(into)
	if errors.Is(err, os.ErrNotExist) {
		mine, err = clientapi.NewConfig(), nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", into, err)
	}
	mine.Clusters[name], mine.AuthInfos[name] = added.Clusters[use.Cluster], added.AuthInfos[use.AuthInfo]
	mine.Contexts[name] = &clientapi.Context{Cluster: name, AuthInfo: name}
	if err := clientcmd.WriteToFile(*mine, into); err != nil {
		return fmt.Errorf("writing %s: %w", into, err)
	}
	return nil
}
