package hypervisor

import (
	"strings"
	"testing"
)

// At most one device more than a plain run: the firmware's debug port
// (measuring.md, section H). Everything else that is watched has a device that
// the guest has anyway.
func TestBudgetOfDevicesForObserving(t *testing.T) {
	watched := goldenDomains()["disk-kvm"]
	plain := watched
	plain.ConsoleSocket, plain.FirmwareSocket = "", ""
	count := func(d Domain) int {
		t.Helper()
		text, err := d.XML()
		if err != nil {
			t.Fatal(err)
		}
		devices := strings.Count(text, `value="-device"`)
		for _, element := range []string{"<disk ", "<serial ", "<rng ", "<interface ", "<channel ", "<video", "<vsock "} {
			devices += strings.Count(text, element)
		}
		return devices
	}
	if more := count(watched) - count(plain); more != 1 {
		t.Errorf("observing adds %d devices to the machine; one is the budget", more)
	}
}
