package observe

// consoleMilestones lists what a pattern may show on the console.
func consoleMilestones() []Milestone {
	return []Milestone{
		FirmwareFirst, LoaderFirst, KernelConsole, InitStart, SwitchRoot,
		ConfigFetched, BootComplete, FirstContainer,
	}
}

// defaultPatterns are the texts of programs that most Linux systems share:
// GRUB and its cousins, the kernel, systemd, dracut and initramfs-tools. They
// were written down from those programs' console output. GRUB says welcome, too.
func defaultPatterns() map[Milestone]string {
	return map[Milestone]string{
		LoaderFirst:   `GRUB loading|Welcome to GRUB|GNU GRUB|SYSLINUX \d|ISOLINUX \d|EXTLINUX \d|systemd-boot \d|Booting .Linux|Loading Linux `,
		KernelConsole: `Linux version \S+`,
		InitStart: `Run \S+ as init process|systemd\[1\]: systemd \S+ running in system mode|` +
			`^Loading, please wait|^Booting initrd of |^Welcome to (?:[^G]|G[^R]).+!`,
		SwitchRoot:   `systemd\[1\]: Switching root|Begin: Running /scripts/init-bottom`,
		BootComplete: `Reached target (?:multi-user\.target|Multi-User System)`,
	}
}

// defaultFault is a fault line of the firmware, the kernel or common user space.
type defaultFault struct {
	text  string
	cause string
	fatal bool // the boot cannot succeed after it
}

func defaultFaults() []defaultFault {
	return []defaultFault{
		{`VFS: Unable to mount root fs`, "The kernel found no root file system. Check the disk's bus (virtio), the root= argument and that the image is whole.", true},
		{`Kernel panic - not syncing: No working init found`, "The root file system has no init program. Check that the image is whole and of the right architecture.", true},
		{`Kernel panic - not syncing: Attempted to kill init`, "The first process died. Read the lines above the panic.", true},
		{`Kernel panic - not syncing: (?:System is deadlocked on memory|Out of memory)`, "The machine has too little memory. Give it more.", true},
		{`Kernel panic - not syncing`, "The kernel panicked. Read the lines above the panic.", true},
		{`No bootable device|No bootable option or device was found`, "The firmware found nothing to boot. Check that the disk is attached and that the image fits the firmware (BIOS or UEFI).", true},
		{`Boot failed: not a bootable disk`, "The firmware cannot boot from the disk. Check that the image fits the firmware (BIOS or UEFI).", false},
		{`grub rescue>|Entering rescue mode\.\.\.`, "The boot loader does not find its own files. The image is damaged or was cut short.", true},
		{`nitramfs unpacking failed`, "The kernel could not unpack the initrd. The initrd is damaged, or the machine has too little memory.", false},
		{`^\(initramfs\) |Gave up waiting for root|ALERT! .+ does not exist\. +Dropping to a shell`, "The initrd does not find the root file system. Check the disk and the root= argument.", true},
		{`dracut-initqueue.*[Tt]imeout`, "The initrd waits for a device that does not come.", false},
		{`You are in emergency mode|Entering emergency mode|Cannot open access to console, the root account is locked|Reached target (?:emergency\.target|Emergency Mode)`, "The system went to emergency mode. Read the failed units above.", true},
		{`Ignition failed|ignition\[\d+\]: .*(?:CRITICAL|Failed|failed to fetch config|config is not valid)`, "Ignition refused or could not apply the config. Read its lines above; `distrolab render` shows the config.", false},
		{`Ignition has failed|Press Enter for emergency shell`, "Ignition failed and the boot stopped. Read its lines above; `distrolab render` shows the config.", true},
		{`Failed to start ignition-\S+\.service`, "A stage of Ignition failed. Read its lines above; `distrolab render` shows the config.", false},
		{`cloud-init\[\d+\]: .*(?:Failed loading yaml|Invalid cloud-config|schema errors)`, "cloud-init refused the user data. `distrolab render` shows it.", false},
		{`Out of memory: Killed process|invoked oom-killer`, "The machine has too little memory. Give it more.", false},
		{`No space left on device`, "The guest's disk is full. Give it a larger disk.", false},
		{`I/O error, dev |Buffer I/O error on dev|EXT4-fs error`, "The guest's disk gives errors. Check free space of the host and that the image is whole.", false},
		{`Call Trace:|soft lockup|rcu_sched (?:self-)?detected stall|rcu: INFO: rcu_\w+ (?:self-)?detected stall`, "The kernel was stuck for seconds. The host is probably overloaded.", false},
		{`CPU does not support x86-64-v\d|Fatal glibc error: CPU does not support`, "The guest needs a newer processor level. Choose another CPU model.", true},
	}
}
