package kairos

import "distrolab/provision/internal/shape"

// model is what Kairos reads: its own keys (kairos-io/kairos-sdk, types and
// schema), the part of cloud-config that yip knows and yip's stages
// (mudler/yip, pkg/schema). Blocks of providers are not looked into.
func model() shape.Model {
	texts, free := shape.List(shape.Scalar()), shape.Any()
	return shape.Model{Empty: true, Root: shape.Object(map[string]shape.Shape{
		"name": shape.Scalar(), "hostname": shape.Scalar(), "ssh_authorized_keys": texts, "runcmd": texts, "growpart": free,
		"users": shape.List(user()), "write_files": shape.List(shape.Object(map[string]shape.Shape{
			"path": shape.Scalar(), "content": shape.Scalar(), "encoding": shape.Scalar(), "owner": shape.Scalar(), "permissions": shape.Scalar(),
		})),
		"stages": shape.Map(shape.List(stage())), "install": install(),
		"config_url": shape.Scalar(), "env": texts, "options": free, "bundles": free, "grub_options": shape.Map(shape.Scalar()),
		"fail_on_bundles_errors": shape.Bool(), "debug": shape.Bool(), "strict": shape.Bool(), "cloud-init-paths": texts, "eject-cd": shape.Bool(),
		"cosign": shape.Bool(), "verify": shape.Bool(), "cosign-key": shape.Scalar(), "arch": shape.Scalar(), "platform": free,
		"squash-compression": texts, "squash-no-compression": shape.Bool(), "uki-max-entries": shape.Number(),
		"bind-pcrs": texts, "bind-public-pcrs": texts, "logs": free, "reset": free, "upgrade": free, "kcrypt": free,
		"p2p": free, "kubevip": free, "k3s": free, "k3s-agent": free, "k0s": free, "k0s-worker": free,
	})}
}

// user is an account, at the top (mapped to the stage boot) or in a stage.
func user() shape.Shape {
	texts := shape.List(shape.Scalar())
	return shape.Object(map[string]shape.Shape{
		"name": shape.Scalar(), "passwd": shape.Scalar(), "ssh_authorized_keys": texts, "gecos": shape.Scalar(), "homedir": shape.Scalar(),
		"no_create_home": shape.Bool(), "primary_group": shape.Scalar(), "groups": texts, "no_user_group": shape.Bool(), "system": shape.Bool(),
		"no_log_init": shape.Bool(), "shell": shape.Scalar(), "lock_passwd": shape.Bool(), "uid": shape.Scalar(), "gid": shape.Scalar(),
	})
}

// install is how the live system puts itself on a disk.
func install() shape.Shape {
	texts, free := shape.List(shape.Scalar()), shape.Any()
	return shape.Object(map[string]shape.Shape{
		"auto": shape.Bool(), "reboot": shape.Bool(), "poweroff": shape.Bool(), "no-format": shape.Bool(), "device": shape.Scalar(),
		"grub_options": shape.Map(shape.Scalar()), "bundles": free, "encrypted_partitions": texts, "skip_copy_kcrypt_plugin": shape.Bool(),
		"env": texts, "source": shape.Scalar(), "ephemeral_mounts": texts, "bind_mounts": texts, "partitions": free, "system": free,
		"recovery-system": free, "passive": free, "grub-entry-name": shape.Scalar(), "extra-partitions": free, "extra-dirs-rootfs": texts,
		"force": shape.Bool(), "nousers": shape.Bool(), "image": shape.Scalar(),
	})
}

// stage is one step of one of yip's stages.
func stage() shape.Shape {
	texts, words, free := shape.List(shape.Scalar()), shape.Map(shape.Scalar()), shape.Any()
	owned := func(more map[string]shape.Shape) shape.Shape {
		for _, key := range []string{"path", "permissions", "owner", "group"} {
			more[key] = shape.Scalar()
		}
		return shape.List(shape.Object(more))
	}
	return shape.Object(map[string]shape.Shape{
		"name": shape.Scalar(), "if": shape.Scalar(), "node": shape.Scalar(), "hostname": shape.Scalar(), "commands": texts, "modules": texts, "sysctl": words,
		"files":       owned(map[string]shape.Shape{"content": shape.Scalar(), "encoding": shape.Scalar(), "ownerstring": shape.Scalar(), "owner_string": shape.Scalar()}),
		"downloads":   owned(map[string]shape.Shape{"url": shape.Scalar(), "timeout": shape.Number(), "ownerstring": shape.Scalar(), "owner_string": shape.Scalar()}),
		"directories": owned(map[string]shape.Shape{}),
		"users":       shape.Map(user()), "authorized_keys": shape.Map(texts),
		"systemctl": shape.Object(map[string]shape.Shape{"enable": texts, "disable": texts, "start": texts, "mask": texts, "overrides": free}),
		"dns":       shape.Object(map[string]shape.Shape{"nameservers": texts, "search": texts, "options": texts, "path": shape.Scalar()}),
		"timesyncd": words, "environment": words, "environment_file": shape.Scalar(), "systemd_firstboot": words,
		"packages": free, "unpack_images": free, "after": free, "datasource": free, "layout": free, "git": free,
		"ensure_entities": free, "delete_entities": free,
		"only_os": shape.Scalar(), "only_os_version": shape.Scalar(), "only_arch": shape.Scalar(), "only_service_manager": shape.Scalar(),
	})
}
