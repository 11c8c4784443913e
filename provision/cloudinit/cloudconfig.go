package cloudinit

// cloudConfig is the language of user-data: every key at its top that
// cloud-init 25.1 knows (its schema-cloud-config-v1.json), with what is below
// those that an intent or a beginner uses.
func cloudConfig() shape {
	keys := map[string]shape{}
	for _, group := range []map[string]shape{usedKeys(), plainKeys(), structuredKeys()} {
		for name, s := range group {
			keys[name] = s
		}
	}
	return closed(keys)
}

// usedKeys are those that an intent becomes.
func usedKeys() map[string]shape {
	commands := listOf(or(listOf(of(text)), text|null))
	names := of(text)
	user := userShape()
	accounts := user // or a name, or a list of names
	accounts.kinds, accounts.item = mapping|text|list, &names
	return map[string]shape{
		"write_files": listOf(closed(map[string]shape{
			"path": of(text), "content": of(text), "owner": of(text), "permissions": of(text),
			"encoding": words("gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64", "b64", "base64", "text/plain"),
			"append":   of(flag), "defer": of(flag),
			"source": closed(map[string]shape{"uri": of(text), "headers": open()}, "uri"),
		}, "path")),
		"users": or(listOf(accounts), text|mapping),
		"user":  or(user, text),
		"ntp": or(closed(map[string]shape{
			"enabled": of(flag), "ntp_client": of(text), "servers": listOf(of(text)), "pools": listOf(of(text)),
			"peers": listOf(of(text)), "allow": listOf(of(text)),
			"config": named("check_exe", "confpath", "packages", "service_name", "template"),
		}), null),
		"packages": listOf(of(text | list | mapping)),
		"runcmd":   commands, "bootcmd": commands,
		"package_update": of(flag), "package_upgrade": of(flag), "package_reboot_if_required": of(flag),
		"apt_update":             deprecated(of(flag), "package_update"),
		"apt_upgrade":            deprecated(of(flag), "package_upgrade"),
		"apt_reboot_if_required": deprecated(of(flag), "package_reboot_if_required"),
		"hostname":               of(text), "fqdn": of(text), "preserve_hostname": of(flag),
		"prefer_fqdn_over_hostname": of(flag), "create_hostname_file": of(flag),
		"manage_etc_hosts":    {kinds: flag | text, words: []string{"localhost", "template"}},
		"ssh_pwauth":          of(flag | text),
		"ssh_authorized_keys": listOf(of(text)),
		"timezone":            of(text), "locale": of(text | flag), "locale_configfile": of(text),
	}
}

// userShape is an account of users.
func userShape() shape {
	keys := map[string]shape{
		"name": of(text), "snapuser": of(text), "expiredate": of(text), "gecos": of(text), "homedir": of(text),
		"groups": of(text | list | mapping), "inactive": of(text), "passwd": of(text), "hashed_passwd": of(text),
		"plain_text_passwd": of(text), "primary_group": of(text), "selinux_user": of(text), "shell": of(text),
		"lock_passwd": of(flag), "no_create_home": of(flag), "no_log_init": of(flag), "no_user_group": of(flag),
		"create_groups": of(flag), "system": of(flag), "ssh_redirect_user": of(flag),
		"ssh_authorized_keys": listOf(of(text)), "ssh_import_id": listOf(of(text)),
		"doas": listOf(of(text)), "sudo": or(listOf(of(text)), text|null|flag), "uid": of(number | text),
	}
	for _, name := range []string{
		"lock_passwd", "no_create_home", "no_log_init", "no_user_group", "hashed_passwd", "plain_text_passwd",
		"create_groups", "primary_group", "selinux_user", "ssh_authorized_keys", "ssh_import_id", "ssh_redirect_user",
	} {
		keys[dashed(name)] = deprecated(keys[name], name)
	}
	return closed(keys)
}

// plainKeys hold one value or a list of them.
func plainKeys() map[string]shape {
	return map[string]shape{
		"allow_public_ssh_keys": of(flag), "apt_pipelining": of(number | flag | text), "authkey_hash": of(text),
		"byobu_by_default":     words("enable-system", "enable-user", "disable-system", "disable-user", "enable", "disable", "user", "system"),
		"cloud_config_modules": of(list), "cloud_final_modules": of(list), "cloud_init_modules": of(list),
		"disable_ec2_metadata": of(flag), "disable_root": of(flag), "disable_root_opts": of(text),
		"final_message": of(text), "launch-index": of(number), "manage_resolv_conf": of(flag),
		"merge_how": of(text | list), "merge_type": of(text | list), "migrate": of(flag),
		"mount_default_fields": of(list), "mounts": listOf(of(list)), "no_ssh_fingerprints": of(flag),
		"password": of(text), "resize_rootfs": of(flag | text), "ssh_deletekeys": of(flag),
		"ssh_fp_console_blacklist": of(list), "ssh_genkeytypes": of(list), "ssh_import_id": of(list),
		"ssh_key_console_blacklist": of(list), "ssh_quiet_keygen": of(flag), "version": of(anything), "yum_repo_dir": of(text),
		"fs_setup": listOf(open()), "groups": of(text | list | mapping),
	}
}

// structuredKeys are mappings. Where the schema allows no others, the keys are
// listed.
func structuredKeys() map[string]shape {
	certificates := named("remove-defaults", "remove_defaults", "trusted")
	grub := named("enabled", "grub-efi/install_devices", "grub-pc/install_devices", "grub-pc/install_devices_empty")
	return map[string]shape{
		"ansible":   named("ansible_config", "galaxy", "install_method", "package_name", "pull", "run_user", "setup_controller"),
		"apk_repos": named("alpine_repo", "local_repo_base_url", "preserve_repositories"),
		"apt": named("add_apt_repo_match", "conf", "debconf_selections", "disable_suites", "ftp_proxy", "generate_mirrorlists", "http_proxy",
			"https_proxy", "preserve_sources_list", "primary", "proxy", "security", "sources", "sources_list"),
		"autoinstall": open(), "ca_certs": certificates, "ca-certs": deprecated(certificates, "ca_certs"), "chef": open(),
		"chpasswd":       closed(map[string]shape{"expire": of(flag), "users": of(list), "list": deprecated(of(anything), "users")}),
		"device_aliases": open(), "disk_setup": open(), "drivers": named("nvidia"),
		"fan": named("config", "config_path"), "growpart": named("devices", "ignore_growroot_disabled", "mode"),
		"grub_dpkg": grub, "grub-dpkg": deprecated(grub, "grub_dpkg"), "keyboard": named("layout", "model", "options", "variant"),
		"landscape": named("client"), "lxd": named("bridge", "init", "preseed"), "mcollective": named("conf"),
		"output": named("all", "config", "final", "init"), "phone_home": named("post", "tries", "url"),
		"power_state": closed(map[string]shape{
			"delay": of(text | number), "mode": words("poweroff", "reboot", "halt"), "message": of(text), "timeout": of(number), "condition": of(anything),
		}, "mode"),
		"puppet": open(), "random_seed": named("command", "command_required", "data", "encoding", "file"), "reporting": open(),
		"resolv_conf": named("domain", "nameservers", "options", "searchdomains", "sortlist"),
		"rh_subscription": named("activation-key", "add-pool", "auto-attach", "disable-repo", "enable-repo", "org", "password", "rhsm-baseurl",
			"server-hostname", "service-level", "username", "release_version", "environment"),
		"rsyslog":     named("check_exe", "config_dir", "config_filename", "configs", "install_rsyslog", "packages", "remotes", "service_reload_command"),
		"salt_minion": named("conf", "config_dir", "grains", "pkg_name", "pki_dir", "private_key", "public_key", "service_name"),
		"snap":        named("assertions", "commands"), "spacewalk": named("activation_key", "proxy", "server"),
		"ssh": named("emit_keys_to_console"), "ssh_keys": open(), "ssh_publish_hostkeys": named("blacklist", "enabled"),
		"swap": named("filename", "maxsize", "size"), "system_info": deprecated(open(), "a file below /etc/cloud/cloud.cfg.d"),
		"ubuntu_advantage": deprecated(open(), "ubuntu_pro"), "ubuntu_pro": open(), "updates": named("network"),
		"vendor_data": named("enabled", "prefix"), "wireguard": or(named("interfaces", "readinessprobe"), null), "yum_repos": open(), "zypper": open(),
	}
}
