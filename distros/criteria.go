package distros

import "slices"

// Criterion is one row of a comparison: a question asked of every system.
type Criterion struct {
	Key   string `json:"key"`   // as in [Fact.Key]
	Title string `json:"title"` // the question in words, at most 24 characters
	Group string `json:"group"` // heading it stands under, one of [CriterionGroups]

	// Classes are the short answers that a fact may carry beside its sentence,
	// so that a score can weigh it without reading prose. Empty: prose only.
	Classes []string `json:"classes,omitempty"`
	// Many allows several facts on this criterion, such as published numbers.
	Many bool `json:"many,omitempty"`
}

// Classed says whether a fact on the criterion has a class.
func (c Criterion) Classed() bool { return len(c.Classes) > 0 }

// CriterionGroups returns the headings of criteria in their order.
func CriterionGroups() []string {
	return []string{"What it is", "Maintenance", "Kubernetes", "Configuration", "Management", "Integrity", "Updates", "Machine", "Measured by others"}
}

// Criteria returns the keys a fact may have, in the order they are shown.
func Criteria() []Criterion {
	return slices.Concat(
		inGroup("What it is",
			Criterion{Key: "nature", Title: "Nature", Classes: []string{"container-os", "kubernetes-os", "general", "kit", "appliance"}},
			Criterion{Key: "base", Title: "Lineage"},
			Criterion{Key: "licence", Title: "Licence", Classes: []string{"free", "mixed", "proprietary"}},
			Criterion{Key: "first_release", Title: "First release"},
			Criterion{Key: "architectures", Title: "Architectures"},
			Criterion{Key: "cloud_coupling", Title: "Cloud coupling", Classes: []string{"none", "some", "strong"}},
			Criterion{Key: "documentation", Title: "Documentation", Classes: []string{"extensive", "adequate", "sparse"}},
		),
		inGroup("Maintenance",
			Criterion{Key: "support", Title: "Maintained", Classes: []string{"maintained", "extended", "ended"}},
			Criterion{Key: "channels", Title: "Channels", Classes: []string{"channels", "versions", "rolling", "none"}},
			Criterion{Key: "latest", Title: "Latest seen"},
		),
		inGroup("Kubernetes",
			Criterion{Key: "kubeadm", Title: "kubeadm on the node", Classes: []string{"packages", "extension", "built-in", "own-join", "own-kubernetes", "none"}},
			Criterion{Key: "runtime", Title: "Container runtime", Classes: []string{"containerd", "docker", "podman", "cri-o", "install"}},
			Criterion{Key: "init", Title: "Init", Classes: []string{"systemd", "openrc", "own"}},
			Criterion{Key: "cgroup", Title: "Control groups", Classes: []string{"v2", "v1", "either"}},
			Criterion{Key: "kernel", Title: "Kernel"},
			Criterion{Key: "kernel_modules", Title: "Kernel modules", Classes: []string{"packages", "beside-image", "layered", "rebuild-image"}},
		),
		inGroup("Configuration",
			Criterion{Key: "config_format", Title: "First-boot config", Classes: []string{"cloud-init", "ignition", "own-yaml", "own-toml", "build-time", "other"}},
			Criterion{Key: "config_applied", Title: "Config runs in", Classes: []string{"initrd", "early-userspace", "late-userspace", "build"}},
			Criterion{Key: "delivery", Title: "Config delivery"},
		),
		inGroup("Management",
			Criterion{Key: "shell", Title: "Shell", Classes: []string{"full", "container", "optional", "none"}},
			Criterion{Key: "ssh", Title: "SSH", Classes: []string{"yes", "container", "optional", "no"}},
			Criterion{Key: "management_api", Title: "Management API", Classes: []string{"remote", "local", "none"}},
			Criterion{Key: "cli", Title: "Own command line"},
			Criterion{Key: "package_manager", Title: "Package manager", Classes: []string{"full", "layered", "none"}},
		),
		inGroup("Integrity",
			Criterion{Key: "read_only", Title: "Read-only system", Classes: []string{"root", "usr", "rebuilt", "none"}},
			Criterion{Key: "verified_root", Title: "Verified at run time", Classes: []string{"dm-verity", "composefs", "none"}},
			Criterion{Key: "access_control", Title: "SELinux, AppArmor", Classes: []string{"enforcing", "permissive", "optional", "none"}},
			Criterion{Key: "signature", Title: "Image verification", Classes: []string{"signed", "digest", "none"}},
		),
		inGroup("Updates",
			Criterion{Key: "update", Title: "Updates", Classes: []string{"image", "packages", "rebuild", "none"}},
			Criterion{Key: "auto_update", Title: "Automatic updates", Classes: []string{"switchable", "opt-in", "forced", "none"}},
			Criterion{Key: "rollback", Title: "Rollback", Classes: []string{"automatic", "manual", "none"}},
		),
		inGroup("Machine",
			Criterion{Key: "plain_qemu", Title: "Runs on plain QEMU", Classes: []string{"yes", "by-hand", "no"}},
			Criterion{Key: "memory", Title: "Least memory"},
			Criterion{Key: "disk", Title: "Least disk"},
			Criterion{Key: "firmware", Title: "Firmware"},
			Criterion{Key: "console", Title: "Serial console"},
			Criterion{Key: "image_size", Title: "Image size"},
		),
		inGroup("Measured by others",
			Criterion{Key: "numbers", Title: "Published numbers", Many: true},
		),
	)
}

// criterion finds the criterion of a key.
func criterion(key string) (Criterion, bool) {
	all := Criteria()
	i := slices.IndexFunc(all, func(c Criterion) bool { return c.Key == key })
	if i < 0 {
		return Criterion{}, false
	}
	return all[i], true
}

func inGroup(group string, criteria ...Criterion) []Criterion {
	for i := range criteria {
		criteria[i].Group = group
	}
	return criteria
}
