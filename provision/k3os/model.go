package k3os

import (
	"strings"

	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
)

// model is what k3OS reads its config into (rancher/k3os:pkg/config/config.go
// and the reference in its README).
func model() shape.Model {
	texts := shape.List(shape.Text(nil))
	return shape.Model{Canonical: canonical, Empty: true, Root: shape.Object(map[string]shape.Shape{
		"hostname":            shape.Text(nil),
		"ssh_authorized_keys": texts,
		"write_files":         shape.List(shape.Object(rancher.FileFields())),
		"init_cmd":            texts,
		"boot_cmd":            texts,
		"run_cmd":             texts,
		"k3os": shape.Object(map[string]shape.Shape{
			"data_sources":    shape.List(shape.Text(source)),
			"modules":         texts,
			"sysctls":         shape.Map(shape.Scalar()),
			"ntp_servers":     texts,
			"dns_nameservers": texts,
			"wifi":            shape.List(shape.Object(map[string]shape.Shape{"name": shape.Text(nil), "passphrase": shape.Text(nil)})),
			"password":        shape.Text(nil),
			"server_url":      shape.Text(serverURL),
			"token":           shape.Text(nil),
			"labels":          shape.Map(shape.Scalar()),
			"k3s_args":        texts,
			"environment":     shape.Map(shape.Scalar()),
			"taints":          texts,
			"install": shape.Object(map[string]shape.Shape{
				"force_efi": shape.Bool(), "device": shape.Text(nil), "config_url": shape.Text(nil), "silent": shape.Bool(),
				"iso_url": shape.Text(nil), "power_off": shape.Bool(), "no_format": shape.Bool(), "debug": shape.Bool(), "tty": shape.Text(nil),
			}),
		}),
	})}
}

func source(name string) string {
	switch name {
	case "aws", "cdrom", "digitalocean", "gcp", "hetzner", "openstack", "packet", "scaleway", "vultr":
		return ""
	}
	return "must be one of aws, cdrom, digitalocean, gcp, hetzner, openstack, packet, scaleway, vultr"
}

func serverURL(text string) string {
	if !strings.HasPrefix(text, "https://") {
		return "must be the https address of a server of k3s, such as https://192.168.127.10:6443"
	}
	return ""
}

// canonical is the key that k3OS takes another spelling for: it accepts names
// without underscores, and the singular of a plural.
func canonical(key string) string {
	squeezed := strings.ReplaceAll(strings.ToLower(key), "_", "")
	return map[string]string{
		"sshauthorizedkeys": "ssh_authorized_keys", "sshauthorizedkey": "ssh_authorized_keys",
		"writefiles": "write_files", "writefile": "write_files", "writefil": "write_files",
		"initcmd": "init_cmd", "bootcmd": "boot_cmd", "runcmd": "run_cmd", "hostname": "hostname", "k3os": "k3os", "k3o": "k3os",
		"datasources": "data_sources", "datasource": "data_sources", "modules": "modules", "module": "modules",
		"sysctls": "sysctls", "sysctl": "sysctls", "ntpservers": "ntp_servers", "ntpserver": "ntp_servers",
		"dnsnameservers": "dns_nameservers", "dnsnameserver": "dns_nameservers", "serverurl": "server_url",
		"labels": "labels", "label": "labels", "k3sargs": "k3s_args", "k3sarg": "k3s_args", "taints": "taints", "taint": "taints",
		"forceefi": "force_efi", "configurl": "config_url", "isourl": "iso_url", "poweroff": "power_off", "noformat": "no_format",
	}[squeezed]
}
