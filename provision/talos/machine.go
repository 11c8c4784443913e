package talos

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/siderolabs/crypto/x509"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
	"github.com/siderolabs/talos/pkg/machinery/constants"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// The parts of a cluster that this config makes.
const (
	ownClusterName = "distrolab"
	apiServerPort  = "6443"
	installDisk    = "/dev/vda" // the first virtio disk
)

// machine is the v1alpha1 document.
func (p *plan) machine() (*v1alpha1.Config, error) {
	endpoint, err := url.Parse("https://" + p.endpoint())
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address: %w", err)
	}
	cfg := &v1alpha1.Config{
		ConfigVersion: "v1alpha1",
		MachineConfig: &v1alpha1.MachineConfig{
			MachineToken:   p.bundle.TrustdInfo.Token,
			MachineKubelet: &v1alpha1.KubeletConfig{},
			MachineSysctls: p.intent.Kernel.Sysctl,
			MachineFiles:   p.files(),
			MachineKernel:  modules(p.intent.Kernel.Modules),
		},
		ClusterConfig: &v1alpha1.ClusterConfig{
			ControlPlane:   &v1alpha1.ControlPlaneConfig{Endpoint: &v1alpha1.Endpoint{URL: endpoint}},
			ClusterNetwork: p.clusterNetwork(),
			// Members would be found by a service of the vendor, outside the lab.
			ClusterDiscoveryConfig: &v1alpha1.ClusterDiscoveryConfig{DiscoveryEnabled: new(bool)},
		},
	}
	if mode(p.target.Delivery).RequiresInstall() {
		cfg.MachineConfig.MachineInstall = &v1alpha1.InstallConfig{InstallDisk: installDisk, InstallWipe: new(bool)}
	}
	if p.join != nil {
		p.worker(cfg)
	} else {
		p.controlPlane(cfg)
	}
	return cfg, nil
}

// worker fills in what a node of a cluster that kubeadm made needs. Its
// kubelet knows the cluster by the CA's certificate, the token and the
// endpoint alone.
func (p *plan) worker(cfg *v1alpha1.Config) {
	m, c := cfg.MachineConfig, cfg.ClusterConfig
	m.MachineType = machine.TypeWorker.String()
	m.MachineCA = &x509.PEMEncodedCertificateAndKey{Crt: p.bundle.Certs.OS.Crt}
	m.MachineKubelet.KubeletImage = constants.KubeletImage + ":" + p.join.Kubernetes
	// KubePrism finds the API servers by Talos's own members, which are none here.
	m.MachineFeatures = &v1alpha1.FeaturesConfig{KubePrismSupport: &v1alpha1.KubePrism{ServerEnabled: new(bool)}}
	c.BootstrapToken = p.join.Token.Reveal()
	c.ClusterCA = &x509.PEMEncodedCertificateAndKey{Crt: []byte(p.join.CA)}
}

// controlPlane fills in what the one node of a cluster of its own needs.
// Without images named, Talos takes those of its own release.
func (p *plan) controlPlane(cfg *v1alpha1.Config) {
	m, c := cfg.MachineConfig, cfg.ClusterConfig
	yes := true
	m.MachineType = machine.TypeControlPlane.String()
	m.MachineCA = p.bundle.Certs.OS
	// By KubePrism the node reaches its own API server whatever the endpoint's
	// name means in the lab.
	m.MachineFeatures = &v1alpha1.FeaturesConfig{KubePrismSupport: &v1alpha1.KubePrism{ServerEnabled: &yes, ServerPort: constants.DefaultKubePrismPort}}
	c.ClusterID, c.ClusterSecret = p.bundle.Cluster.ID, p.bundle.Cluster.Secret
	c.ClusterName = ownClusterName
	c.BootstrapToken = p.bundle.Secrets.BootstrapToken
	c.ClusterSecretboxEncryptionSecret = p.bundle.Secrets.SecretboxEncryptionSecret
	c.ClusterAESCBCEncryptionSecret = p.bundle.Secrets.AESCBCEncryptionSecret
	c.ClusterCA = p.bundle.Certs.K8s
	c.ClusterAggregatorCA = p.bundle.Certs.K8sAggregator
	c.ClusterServiceAccount = p.bundle.Certs.K8sServiceAccount
	c.EtcdConfig = &v1alpha1.EtcdConfig{RootCA: p.bundle.Certs.Etcd}
	c.AllowSchedulingOnControlPlanes = &yes // there is no other node
}

// endpoint is host and port of the API server: the cluster's, or this
// machine's by its fixed address or, failing that, its name.
func (p *plan) endpoint() string {
	if p.join != nil {
		return p.join.Endpoint
	}
	if addresses := p.intent.Network.Addresses; len(addresses) > 0 {
		if prefix, err := netip.ParsePrefix(addresses[0]); err == nil {
			host := prefix.Addr().String()
			if prefix.Addr().Is6() {
				host = "[" + host + "]"
			}
			return host + ":" + apiServerPort
		}
	}
	return p.intent.Hostname + ":" + apiServerPort
}

// clusterNetwork names the networks of Pods and Services. They are kubeadm's
// and Talos's own defaults; a join does not say the cluster's.
func (p *plan) clusterNetwork() *v1alpha1.ClusterNetworkConfig {
	n := &v1alpha1.ClusterNetworkConfig{
		DNSDomain:     constants.DefaultDNSDomain,
		PodSubnet:     []string{constants.DefaultIPv4PodNet},
		ServiceSubnet: []string{constants.DefaultIPv4ServiceNet},
	}
	if strings.HasPrefix(p.endpoint(), "[") {
		n.PodSubnet, n.ServiceSubnet = []string{constants.DefaultIPv6PodNet}, []string{constants.DefaultIPv6ServiceNet}
	}
	return n
}

func modules(names []string) *v1alpha1.KernelConfig {
	if len(names) == 0 {
		return nil
	}
	k := &v1alpha1.KernelConfig{}
	for _, name := range names {
		k.KernelModules = append(k.KernelModules, &v1alpha1.KernelModuleConfig{ModuleName: name})
	}
	return k
}

// runtimePart is the one file outside /var that may be created: a part of the
// container runtime's configuration.
const runtimePart = "/etc/" + constants.CRICustomizationConfigPart

// writable reports whether Talos creates a file at the path. A file that it
// may not create stops the boot, so others are left out.
func writable(path string) bool {
	return strings.HasPrefix(path, "/var/") || path == runtimePart
}

// files are those of the intent that Talos can write. Their contents are put
// in later; see fillIn.
func (p *plan) files() []*v1alpha1.MachineFile {
	var list []*v1alpha1.MachineFile
	p.gaps = append(p.gaps, p.intent.Unfetched("Talos")...)
	for i, f := range p.intent.Files {
		if f.Source != "" {
			continue
		}
		if !writable(f.Path) {
			p.gap(fmt.Sprintf("files[%d]", i), "%s is outside /var, the only place where Talos creates files (its root is a read-only image); put it below /var", f.Path)
			continue
		}
		list = append(list, &v1alpha1.MachineFile{
			FileContent:     placeholder(i),
			FilePermissions: v1alpha1.FileMode(f.EffectiveMode()),
			FilePath:        f.Path,
			FileOp:          "create",
		})
	}
	return list
}

// placeholder stands for the content of a file.
func placeholder(i int) string { return fmt.Sprintf("content-of-file-%d", i) }

// fillIn puts the contents of the files in the place of their placeholders.
// The library's own writer spoils some texts, such as those that begin with
// an empty line and a space.
func fillIn(text string, files []provision.File) (string, error) {
	const indent = "          " // below machine, files and the dash
	var b strings.Builder
	for i, f := range files {
		if f.Source != "" || !writable(f.Path) {
			continue
		}
		content, err := contentPair(f.Content)
		if err != nil {
			return "", fmt.Errorf("writing the content of %s: %w", f.Path, err)
		}
		before, after, found := strings.Cut(text, "\n        - content: "+placeholder(i)+"\n")
		if !found {
			return "", fmt.Errorf("writing the content of %s: the library did not write its place", f.Path)
		}
		b.WriteString(before + "\n        - ")
		for n, line := range strings.SplitAfter(content, "\n") {
			if n > 0 && strings.TrimSpace(line) != "" {
				b.WriteString(indent)
			}
			b.WriteString(line)
		}
		text = after
	}
	b.WriteString(text)
	return b.String(), nil
}

// contentPair is the key and the value. What is no text in YAML is written as
// !!binary, which Talos reads back byte by byte.
func contentPair(content string) (string, error) {
	if !utf8.ValidString(content) {
		return "content: !!binary " + base64.StdEncoding.EncodeToString([]byte(content)) + "\n", nil
	}
	return yamldoc.Marshal(yamldoc.Map(yamldoc.Pair{Key: "content", Value: yamldoc.Text(content)}))
}
