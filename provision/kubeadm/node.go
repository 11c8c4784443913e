package kubeadm

import (
	"encoding/json"

	"distrolab/provision"
)

// KubeletUnit runs the kubelet where a bundle brings it.
const KubeletUnit = "kubelet.service"

// NetworkPath is the network of the pods. It comes first in its directory:
// runtimes take the first.
const NetworkPath = "/etc/cni/net.d/00-distrolab.conflist"

// dropInPath has the name of the drop-in in Kubernetes' packages, so that one
// of those on the system does not count.
const dropInPath = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"

// searchPath finds what a bundle brings before what the system has.
const searchPath = "/opt/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"

// notBlocking lets a unit start when the system is up without that the boot
// waits for it: a target waits for what it wants unless there are no default
// dependencies (systemd.target(5)).
const notBlocking = `DefaultDependencies=no
Requires=sysinit.target
Conflicts=shutdown.target
Before=shutdown.target
`

// NodeFiles are what a node needs beside its programs: the script that unpacks
// the bundle, the kubelet's drop-in, the network of its pods.
func NodeFiles(n provision.Node) []provision.File {
	var files []provision.File
	if n.Bundle != nil {
		files = append(files,
			provision.File{Path: provision.UnpackPath, Content: unpackScript, Mode: 0o755},
			provision.File{Path: dropInPath, Content: kubeletDropIn},
		)
	}
	if n.Pods != "" {
		files = append(files, provision.File{Path: NetworkPath, Content: network(n.Pods)})
	}
	return files
}

// NodeUnits unpack the bundle and run the kubelet. Neither holds up the boot.
// Where Ignition fetches, the unit that is wanted does not exist, and that is
// all right.
func NodeUnits(n provision.Node) []provision.Unit {
	if n.Bundle == nil {
		return nil
	}
	return []provision.Unit{
		{Name: provision.BundleUnit, Enabled: true, Content: `[Unit]
Description=Unpack the programs of Kubernetes
` + notBlocking + `Wants=` + provision.FetchUnit + `
After=sysinit.target ` + provision.FetchUnit + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ` + provision.UnpackPath + `
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`},
		{Name: KubeletUnit, Enabled: true, Content: `[Unit]
Description=kubelet, the agent of a Kubernetes node
` + notBlocking + `Wants=network-online.target containerd.service
After=sysinit.target network-online.target containerd.service ` + provision.BundleUnit + `
ConditionPathExists=/var/lib/kubelet/config.yaml

[Service]
Environment=PATH=` + searchPath + `
ExecStart=/opt/bin/kubelet
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`},
	}
}

// UnpackFailed begins the line on the console that says why a node has no
// programs.
const UnpackFailed = "distrolab: unpack failed"

// unpackScript puts the programs below /opt. The archive's paths are relative
// to the root, but where /opt is a link it stays one.
const unpackScript = `#!/bin/sh
# Unpacks the programs of Kubernetes once. Written by distrolab.
archive=` + provision.BundlePath + `
if ! [ -e "$archive" ]; then
    [ -x /opt/bin/kubeadm ] && exit 0 # it was unpacked at an earlier boot
    echo "` + UnpackFailed + `: there is neither $archive nor /opt/bin/kubeadm"
    exit 1
fi
if ! tar -C /opt -o --strip-components=1 -xf "$archive" || ! [ -x /opt/bin/kubeadm ]; then
    echo "` + UnpackFailed + `: $archive is no bundle with opt/bin/kubeadm, or the disk is full"
    exit 1
fi
# Where SELinux is on, systemd starts only what has the label of programs.
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then
    restorecon -R /opt/bin /opt/cni || chcon -R -t bin_t /opt/bin /opt/cni
fi
rm -f "$archive"
`

// kubeletDropIn is that of Kubernetes' packages (kubernetes/release,
// cmd/krel/templates/latest/kubeadm/10-kubeadm.conf) for programs in /opt/bin.
const kubeletDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/opt/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`

// network puts pods on a bridge that is their gateway: the plugin itself adds the
// route there, and fails when the addresses bring the same one. Their addresses are not
// hidden behind the node's, which would need iptables.
func network(pods string) string {
	type object map[string]any
	text, err := json.MarshalIndent(object{
		"cniVersion": "0.4.0", // read by every containerd and plugin in use
		"name":       "distrolab",
		"plugins": []object{{
			"type": "bridge", "bridge": "distrolab0", "isDefaultGateway": true, "hairpinMode": true,
			"ipam": object{
				"type":   "host-local",
				"ranges": [][]object{{{"subnet": pods}}},
			},
		}},
	}, "", "  ")
	if err != nil {
		return "" // of texts alone; it cannot be
	}
	return string(text) + "\n"
}
