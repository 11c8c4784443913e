package ignition

import (
	"strings"

	butane "github.com/coreos/ignition/v2/butane/config"
	"github.com/coreos/ignition/v2/butane/config/common"
	ignition "github.com/coreos/ignition/v2/config/v3_7_experimental"
	"github.com/coreos/vcontext/report"

	"distrolab/provision"
)

// Check reads a config that a person wrote: Ignition's JSON, or Butane. Each
// is checked by its own code.
func Check(_, text string, _ provision.Target) []provision.Finding {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		_, findings, err := ignition.ParseCompatibleVersion([]byte(text))
		return asFindings(findings, err)
	}
	_, findings, err := butane.TranslateBytes([]byte(text), common.TranslateBytesOptions{})
	return asFindings(findings, err)
}

// asFindings puts a report into our words; an error that the report does not
// explain is one more finding.
func asFindings(r report.Report, err error) []provision.Finding {
	var list []provision.Finding
	for _, e := range r.Entries {
		f := provision.Finding{Severity: provision.SeverityWarning, Path: strings.TrimPrefix(e.Context.String(), "$."), Message: e.Message}
		if e.Kind == report.Error {
			f.Severity = provision.SeverityError
		}
		if e.Marker.StartP != nil {
			f.Line, f.Column = int(e.Marker.StartP.Line), int(e.Marker.StartP.Column)
		}
		list = append(list, f)
	}
	if err != nil && !r.IsFatal() {
		list = append(list, provision.Finding{Severity: provision.SeverityError, Message: err.Error()})
	}
	return list
}
