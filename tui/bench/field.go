package bench

// field is one line of the form.
type field int

const (
	fieldSystems field = iota
	fieldScenario
	fieldBlocks
	fieldWarmups
	fieldSeed
	fieldDeadline
	fieldBudget
	fieldCache
	fieldBaseline
	fieldMode
	fieldTarget
	fieldControlPlane
	fieldKubernetes
	fieldKubeconfig
	fieldVCPUs
	fieldMemory
	fieldFirmware
	fieldIntent
	fieldDirectory
	allFields // their number
)

// fieldWords are what the form says of a field.
type fieldWords struct{ label, help string }

func (f field) words() fieldWords {
	return [allFields]fieldWords{
		fieldSystems:      {"Systems", "What is measured. The marks of the other screens are taken first; enter chooses others."},
		fieldScenario:     {"Measure", "Boot: until the system says that it is up; 2nd boot: of a disk that has booted once, unmeasured. Cold join: from power-on to a ready node. Warm join: from the join command on a machine that has booted."},
		fieldBlocks:       {"Blocks", "Each block runs every system once, in shuffled order. An interval needs 6, a benchmark 10. Empty: as the mode says. With a target: at the most."},
		fieldWarmups:      {"Warm-ups", "Unmeasured runs of each system before the first block: they bring the images into memory."},
		fieldSeed:         {"Seed", "Draws the order within the blocks; the same seed gives the same order again. r draws another."},
		fieldDeadline:     {"Deadline", "The longest time of one run, such as 10m. A run that passes it counts as infinitely slow."},
		fieldBudget:       {"Budget", "The time for the session, such as 30m: no block is begun that would end later. Empty: as long as it takes."},
		fieldCache:        {"Page cache", "Warm: the host has in memory what the warm-up read. Cold: nothing of the image. Each run is looked at, and one that is not so does not count."},
		fieldBaseline:     {"Baseline", "The system that the others are compared with."},
		fieldMode:         {"Mode", "Demo shows; quick and bench end when intervals are narrow, and bench waits until the machine is quiet; ci fails on a regression. By blocks: what their number is good for."},
		fieldTarget:       {"Target", "Ends when every interval is within so many per cent of its median, such as 3. Empty: as the mode says."},
		fieldControlPlane: {"Control plane", "The system that the control plane is made of, by kubeadm. It is made once and saved."},
		fieldKubernetes:   {"Kubernetes", "The version that control plane and nodes have. distrolab kubernetes pull, and import, bring others."},
		fieldKubeconfig:   {"Kubeconfig", "File of an administrator of a control plane that exists: its cluster is joined, and none is made."},
		fieldVCPUs:        {"Processors", "Virtual processors of each machine."},
		fieldMemory:       {"Memory", "Memory of each machine in MiB, such as 4096. Empty: 2048, or what a system needs."},
		fieldFirmware:     {"Firmware", "What starts the machines. A system that cannot be started by it is refused."},
		fieldIntent:       {"Intent", "YAML file that says what is wanted of the machines, such as one of the screen Config. Empty: no more than a login."},
		fieldDirectory:    {"Copy to", "A directory that gets a copy of the results; one that holds a session is refused. distrolab's store has them anyway."},
	}[f]
}

func (f field) label() string { return f.words().label }

// fields are those that belong to the scenario, in their order.
func (d Design) fields() []field {
	var list []field
	for f := range allFields {
		ofJoins := f == fieldControlPlane || f == fieldKubernetes || f == fieldKubeconfig
		if !ofJoins || d.Scenario.Joins() {
			list = append(list, f)
		}
	}
	return list
}
