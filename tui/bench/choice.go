package bench

import (
	"slices"
	"strconv"

	"distrolab/distros"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// option is one thing that a field can be set to, and how it is called.
type option struct{ value, word string }

func same(values ...string) []option {
	var list []option
	for _, v := range values {
		list = append(list, option{v, v})
	}
	return list
}

// scenarioWord is a scenario in the words of the screen.
func scenarioWord(s results.Scenario) string {
	switch s {
	case results.JoinCold:
		return "cold join"
	case results.JoinWarm:
		return "warm join"
	case results.SecondBoot:
		return "2nd boot"
	}
	return "boot"
}

// options are what a field can be set to; nil: it is a number or is typed.
func (m *Model) options(f field) []option {
	switch f {
	case fieldScenario:
		var list []option
		for _, s := range []results.Scenario{results.FirstBoot, results.JoinCold, results.JoinWarm, results.SecondBoot} {
			list = append(list, option{string(s), scenarioWord(s)})
		}
		return list
	case fieldMode:
		list := []option{{"", "by blocks"}}
		for _, mode := range session.Modes() {
			list = append(list, option{string(mode), string(mode)})
		}
		return list
	case fieldCache:
		return same(results.CacheWarm, results.CacheCold)
	case fieldFirmware:
		return append([]option{{"", "the system's own"}}, same("bios", "uefi")...)
	case fieldBaseline:
		return same(m.form.design.Systems...)
	case fieldKubernetes:
		return append([]option{{"", m.newestKubernetes()}}, same(m.known.Kubernetes...)...)
	case fieldControlPlane:
		return append([]option{{"", m.known.ControlPlane}}, same(m.controlPlanes()...)...)
	}
	return nil
}

// newestKubernetes says which version is taken when none is chosen.
func (m *Model) newestKubernetes() string {
	if len(m.known.Kubernetes) == 0 {
		return "none here yet"
	}
	return "newest, " + m.known.Kubernetes[0]
}

// controlPlanes are the further systems that kubeadm makes control planes of.
func (m *Model) controlPlanes() []string {
	var names []string
	for _, d := range m.shared.Catalog.All() {
		if way, _ := d.Joins(); way == distros.JoinsByKubeadm && d.Name != m.known.ControlPlane {
			names = append(names, d.Name)
		}
	}
	return names
}

// taken is the option that a field is set to.
func (m *Model) taken(f field) option {
	value := map[field]string{fieldScenario: string(m.form.design.Scenario), fieldMode: string(m.form.design.Mode), fieldCache: m.form.design.Cache,
		fieldFirmware: m.form.design.Firmware, fieldBaseline: m.form.design.baseline(), fieldKubernetes: m.form.design.Kubernetes,
		fieldControlPlane: m.form.design.ControlPlane}[f]
	for _, o := range m.options(f) {
		if o.value == value {
			return o
		}
	}
	return option{value, value}
}

// step changes a field by one: the next option, or the next number.
func (m *Model) step(by int) {
	m.form.problem = ""
	d, f := &m.form.design, m.form.focus()
	switch f {
	case fieldBlocks:
		d.Blocks = min(max(d.Blocks+by, 0), session.MaxBlocks)
		return
	case fieldWarmups:
		d.Warmups = min(max(d.Warmups+by, 0), session.MaxWarmups)
		return
	case fieldVCPUs:
		d.VCPUs = min(max(d.VCPUs+by, 0), mostVCPUs)
		return
	}
	all := m.options(f)
	if len(all) == 0 {
		return
	}
	at := slices.Index(all, m.taken(f))
	m.form.choose(f, all[(max(at, 0)+by+len(all))%len(all)].value)
}

// choose sets a field to one of its options.
func (f *form) choose(at field, value string) {
	d := &f.design
	switch at {
	case fieldScenario:
		d.Scenario = results.Scenario(value)
		f.list.SetCount(len(d.fields()))
	case fieldMode:
		d.Mode = results.Mode(value)
	case fieldCache:
		d.Cache = value
	case fieldFirmware:
		d.Firmware = value
	case fieldBaseline:
		d.Baseline = value
	case fieldKubernetes:
		d.Kubernetes = value
	case fieldControlPlane:
		d.ControlPlane = value
	}
}

// counted says whether a field is a number that is changed by one.
func (f field) counted() bool {
	return f == fieldBlocks || f == fieldWarmups || f == fieldVCPUs
}

// numberOr is a number, or what an empty field means.
func numberOr(n int, empty string) string {
	if n == 0 {
		return empty
	}
	return strconv.Itoa(n)
}
