package distros

// Milestones returns the names a boot profile may use as keys of its patterns
// and of what it never shows, in the order they normally happen.
//
// The meaning of each name is defined in labs/observe, which distros cannot
// import because arrows go down only. The list is therefore kept here a second
// time; a test in a package above both compares them.
func Milestones() []string {
	return []string{
		"request", "vcpu_start", "firmware_first", "loader_first",
		"kernel_start", "kernel_console", "init_start", "switch_root",
		"net_first_frame", "dhcp_discover", "dhcp_ack", "net_usable",
		"config_fetched", "mgmt_closed", "mgmt_syn", "mgmt_answer",
		"mgmt_login", "boot_complete", "first_container",
	}
}
