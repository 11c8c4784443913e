package kubeadm

import (
	"fmt"
	"net/netip"
	"path"

	"distrolab/provision/internal/yamldoc"
)

func entry(key string, value yamldoc.Node) yamldoc.Pair { return yamldoc.Pair{Key: key, Value: value} }

func words(key, value string) yamldoc.Pair {
	if value == "" {
		return yamldoc.Pair{Key: key}
	}
	return entry(key, yamldoc.Text(value))
}

// flags are arguments of a program as v1beta4 lists them.
func flags(pairs ...[2]string) yamldoc.Node {
	var list []yamldoc.Node
	for _, p := range pairs {
		list = append(list, yamldoc.Map(words("name", p[0]), words("value", p[1])))
	}
	return yamldoc.List(list...)
}

// document is what kubeadm init reads: how this machine starts, what the
// cluster is, what its kubelets are told.
func (c ControlPlane) document(hostname string) (string, error) {
	host, port, err := c.address()
	if err != nil {
		return "", err
	}
	var text string
	for _, root := range []yamldoc.Node{c.initConfiguration(hostname, host, port), c.clusterConfiguration(), kubeletConfiguration()} {
		part, err := yamldoc.Marshal(root)
		if err != nil {
			return "", fmt.Errorf("writing the init document: %w", err)
		}
		if text != "" {
			text += "---\n"
		}
		text += part
	}
	return text, nil
}

func (c ControlPlane) initConfiguration(hostname, host string, port int) yamldoc.Node {
	if addr, err := netip.ParseAddr(host); err != nil || !addr.IsValid() {
		host = "" // a name; the API listens where the default route is
	}
	return yamldoc.Map(
		words("apiVersion", "kubeadm.k8s.io/v1beta4"),
		words("kind", "InitConfiguration"),
		entry("bootstrapTokens", yamldoc.List(yamldoc.Map(
			entry("token", yamldoc.Quoted(c.Token.Reveal())),
			// The cluster may be put away and woken up on another day.
			entry("ttl", yamldoc.Quoted("0s")),
			words("description", "distrolab's"),
			entry("usages", yamldoc.Words("signing", "authentication")),
			entry("groups", yamldoc.Texts([]string{"system:bootstrappers:kubeadm:default-node-token"})),
		))),
		entry("localAPIEndpoint", yamldoc.Map(words("advertiseAddress", host), entry("bindPort", yamldoc.Int(port)))),
		entry("nodeRegistration", yamldoc.Map(
			words("name", hostname),
			words("criSocket", defaultSocket),
			entry("kubeletExtraArgs", flags([2]string{"volume-plugin-dir", pluginDirectory})),
		)),
		entry("patches", yamldoc.Map(words("directory", patchDirectory))),
		// Emulated machines are slow; nobody measures this one.
		entry("timeouts", yamldoc.Map(
			words("controlPlaneComponentHealthCheck", "15m0s"),
			words("kubeletHealthCheck", "10m0s"),
			words("kubernetesAPICall", "5m0s"),
		)),
	)
}

func (c ControlPlane) clusterConfiguration() yamldoc.Node {
	var names yamldoc.Node
	if len(c.ExtraNames) > 0 {
		names = yamldoc.Texts(c.ExtraNames)
	}
	return yamldoc.Map(
		words("apiVersion", "kubeadm.k8s.io/v1beta4"),
		words("kind", "ClusterConfiguration"),
		words("clusterName", "distrolab"),
		words("kubernetesVersion", c.Kubernetes),
		words("controlPlaneEndpoint", c.Endpoint),
		entry("networking", yamldoc.Map(words("podSubnet", c.PodSubnet), words("serviceSubnet", c.ServiceSubnet))),
		entry("apiServer", yamldoc.Map(
			entry("certSANs", names),
			entry("extraArgs", flags(
				[2]string{"audit-log-path", AuditLog},
				[2]string{"audit-policy-file", auditPath},
				[2]string{"audit-log-maxsize", "100"}, // MB
				[2]string{"audit-log-maxbackup", "2"},
			)),
			entry("extraVolumes", yamldoc.List(
				volume("audit-policy", auditPath, "File", true),
				volume("audit-log", path.Dir(AuditLog), "DirectoryOrCreate", false),
			)),
		)),
		// The default lies below /usr, which may be read-only.
		entry("controllerManager", yamldoc.Map(entry("extraArgs", flags(
			[2]string{"flex-volume-plugin-dir", pluginDirectory},
			// There is nobody to elect; and who cannot renew its lease in time ends.
			[2]string{"leader-elect", "false"},
		)))),
		entry("scheduler", yamldoc.Map(entry("extraArgs", flags([2]string{"leader-elect", "false"})))),
	)
}

// volume is a path of the machine in a container of the control plane, at the
// same place.
func volume(name, place, kind string, readOnly bool) yamldoc.Node {
	return yamldoc.Map(
		words("name", name), words("hostPath", place), words("mountPath", place),
		entry("readOnly", yamldoc.Bool(readOnly)), words("pathType", kind),
	)
}

// kubeletConfiguration is for all kubelets of the cluster.
func kubeletConfiguration() yamldoc.Node {
	return yamldoc.Map(
		words("apiVersion", "kubelet.config.k8s.io/v1beta1"),
		words("kind", "KubeletConfiguration"),
		words("cgroupDriver", "systemd"),
		entry("failSwapOn", yamldoc.Bool(false)),
	)
}

// auditPolicy logs what a join is made of and nothing else: who wrote a node,
// its lease, its certificate requests, and the pods of distrolab's namespace.
func auditPolicy() (string, error) {
	resources := func(group string, names ...string) yamldoc.Node {
		return yamldoc.Map(entry("group", yamldoc.Quoted(group)), entry("resources", yamldoc.Texts(names)))
	}
	rule := func(more ...yamldoc.Pair) yamldoc.Node {
		return yamldoc.Map(append([]yamldoc.Pair{words("level", "Metadata")}, more...)...)
	}
	return yamldoc.Marshal(yamldoc.Map(
		words("apiVersion", "audit.k8s.io/v1"),
		words("kind", "Policy"),
		// An event has the time of the request in its later stages as well.
		entry("omitStages", yamldoc.Words("RequestReceived")),
		entry("rules", yamldoc.List(
			rule(entry("resources", yamldoc.List(
				resources("", "nodes", "nodes/status"),
				resources("certificates.k8s.io", "certificatesigningrequests", "certificatesigningrequests/approval", "certificatesigningrequests/status"),
			))),
			rule(entry("resources", yamldoc.List(resources("coordination.k8s.io", "leases"))), entry("namespaces", yamldoc.Words("kube-node-lease"))),
			rule(entry("resources", yamldoc.List(resources("", "pods", "pods/binding", "pods/status"))), entry("namespaces", yamldoc.Words("distrolab"))),
			yamldoc.Map(words("level", "None")),
		)),
	))
}
