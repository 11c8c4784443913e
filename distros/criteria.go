package distros

// Criterion is one row of a comparison: a question asked of every system.
type Criterion struct {
	Key   string `json:"key"`   // as in [Fact.Key]
	Title string `json:"title"` // the question in words, at most 24 characters
}

// Criteria returns the keys a fact may have, the ones that decide most first.
func Criteria() []Criterion {
	return []Criterion{
		{"support", "Maintained"},
		{"kubeadm", "kubeadm on the node"},
		{"config_format", "First-boot config"},
		{"config_applied", "Config runs in"},
		{"shell", "Shell"},
		{"ssh", "SSH"},
		{"management_api", "Management API"},
		{"package_manager", "Package manager"},
		{"read_only", "Read-only system"},
		{"update", "Updates"},
		{"auto_update", "Automatic updates"},
		{"rollback", "Rollback"},
		{"kernel_modules", "Kernel modules"},
		{"selinux", "SELinux"},
		{"cloud_coupling", "Cloud coupling"},
		{"plain_qemu", "Runs on plain QEMU"},
		{"runtime", "Container runtime"},
		{"init", "Init and cgroups"},
		{"base", "Built from"},
		{"kernel", "Kernel"},
		{"channels", "Channels"},
		{"latest", "Latest seen"},
		{"first_release", "First release"},
		{"architectures", "Architectures"},
		{"licence", "Licence"},
		{"signature", "Image verification"},
	}
}
