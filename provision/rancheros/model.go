package rancheros

import (
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
)

// model is the system's own schema (rancher/os:config/schema.go), and below
// rancher, where the schema says only "object", the types that the values are
// read into (config/types.go, pkg/netconf/types.go).
func model() shape.Model {
	file := rancher.FileFields()
	file["container"] = shape.Text(nil)
	return shape.Model{Root: shape.Object(map[string]shape.Shape{
		"hostname":            shape.Text(nil),
		"ssh_authorized_keys": shape.Set(),
		"write_files":         shape.List(shape.Object(file)),
		"mounts":              shape.List(shape.List(shape.Scalar())),
		"bootcmd":             shape.List(shape.Command()),
		"runcmd":              shape.List(shape.Command()),
		"rancher":             section(),
	})}
}

// section is the key rancher.
func section() shape.Shape {
	docker := engine()
	services := shape.Map(shape.Map(shape.Any())) // of docker-compose, version 1
	fields := map[string]shape.Shape{
		"console":             shape.Text(nil),
		"environment":         shape.Map(shape.Scalar()),
		"services":            services,
		"cloud_init_services": services,
		"bootstrap":           services,
		"autoformat":          services,
		"bootstrap_docker":    docker,
		"system_docker":       docker,
		"docker":              docker,
		"cloud_init":          shape.Object(map[string]shape.Shape{"datasources": shape.Set()}),
		"disable":             shape.Set(),
		"services_include":    shape.Map(shape.Bool()),
		"modules":             shape.Set(),
		"network":             network(),
		"repositories":        shape.Map(shape.Object(map[string]shape.Shape{"url": shape.Text(nil)})),
		"ssh":                 shape.Object(map[string]shape.Shape{"keys": shape.Map(shape.Text(nil)), "daemon": shape.Bool(), "port": shape.Number(), "listen_address": shape.Text(nil)}),
		"state":               state(),
		"upgrade":             texts("url", "image", "rollback", "policy"),
		"registry_auths":      shape.Map(texts("username", "password", "auth", "serveraddress", "identitytoken", "registrytoken", "email")),
		"defaults":            shape.Object(map[string]shape.Shape{"hostname": shape.Text(nil), "docker": docker, "network": network(), "system_docker_logs": shape.Text(nil)}),
		"resize_device":       shape.Text(nil),
		"sysctl":              shape.Map(shape.Scalar()),
		"restart_services":    shape.List(shape.Text(nil)),
		"shutdown_timeout":    shape.Number(),
		"http_load_retries":   shape.Number(),
	}
	for _, name := range []string{"debug", "rm_usr", "no_sharedroot", "log", "force_console_rebuild", "recovery", "hypervisor_service", "preload_wait"} {
		fields[name] = shape.Bool()
	}
	return shape.Object(fields)
}

// texts is an object of strings.
func texts(names ...string) shape.Shape {
	fields := map[string]shape.Shape{}
	for _, name := range names {
		fields[name] = shape.Text(nil)
	}
	return shape.Object(fields)
}

// engine is one of the three Docker daemons.
func engine() shape.Shape {
	fields := map[string]shape.Shape{"host": shape.List(shape.Text(nil)), "log_opts": shape.Map(shape.Scalar())}
	for _, name := range []string{"engine", "server_cert", "server_key", "ca_cert", "ca_key", "storage_context", "bridge", "bip",
		"config_file", "containerd", "exec_root", "group", "graph", "log_driver", "pid_file", "registry_mirror", "storage_driver"} {
		fields[name] = shape.Text(nil)
	}
	for _, name := range []string{"tls", "exec", "debug", "live_restore", "restart", "selinux_enabled", "userland_proxy"} {
		fields[name] = shape.Bool()
	}
	for _, name := range []string{"tls_args", "args", "extra_args", "environment", "insecure_registry"} {
		fields[name] = shape.Set()
	}
	return shape.Object(fields)
}

func network() shape.Shape {
	link := map[string]shape.Shape{"mtu": shape.Number(), "bond_opts": shape.Map(shape.Scalar()), "bridge": shape.Any(), "vlans": shape.Any()}
	for _, name := range []string{"match", "dhcp_args", "address", "gateway", "gateway_ipv6", "bond", "wifi_network"} {
		link[name] = shape.Text(nil)
	}
	for _, name := range []string{"addresses", "pre_up", "post_up"} {
		link[name] = shape.List(shape.Text(nil))
	}
	link["dhcp"], link["ipv4ll"] = shape.Bool(), shape.Bool()
	servers := shape.List(shape.Text(nil))
	return shape.Object(map[string]shape.Shape{
		"pre_cmds": shape.Set(), "post_cmds": shape.Set(), "dhcp_timeout": shape.Number(),
		"dns":        shape.Object(map[string]shape.Shape{"nameservers": servers, "search": servers}),
		"interfaces": shape.Map(shape.Object(link)),
		"http_proxy": shape.Text(nil), "https_proxy": shape.Text(nil), "no_proxy": shape.Text(nil),
		"wifi_networks": shape.Map(shape.Map(shape.Any())), "modem_networks": shape.Map(shape.Map(shape.Any())),
	})
}

// state is where the system keeps what survives a boot.
func state() shape.Shape {
	fields := map[string]shape.Shape{"autoformat": shape.Set()}
	for _, name := range []string{"directory", "fstype", "dev", "script", "oem_fstype", "oem_dev", "boot_fstype", "boot_dev"} {
		fields[name] = shape.Text(nil)
	}
	for _, name := range []string{"wait", "required", "mdadm_scan", "cryptsetup", "lvm_scan", "rngd"} {
		fields[name] = shape.Bool()
	}
	return shape.Object(fields)
}
