package hypervisor

import (
	"encoding/xml"
	"fmt"
)

// The element that marks a domain as ours.
const (
	tagNamespace = "https://distrolab.dev/domain/1"
	tagPrefix    = "distrolab"
)

// tagElement is the metadata element: one element, attributes only. The
// literal prefix keeps virsh's listing readable; libvirt needs a prefix.
type tagElement struct {
	XMLName   xml.Name `xml:"distrolab:domain"`
	Namespace string   `xml:"xmlns:distrolab,attr"`
	Home      string   `xml:"home,attr"`
	Owner     string   `xml:"owner,attr"`
	Machine   string   `xml:"machine,attr"`
}

func (t Tag) marshal() (string, error) {
	text, err := xml.Marshal(tagElement{Namespace: tagNamespace, Home: t.Home, Owner: t.Owner, Machine: t.Machine})
	if err != nil {
		return "", fmt.Errorf("rendering tag: %w", err)
	}
	return string(text), nil
}

// parseTag reads the element as libvirt returns it, with or without prefix.
func parseTag(text string) (Tag, error) {
	if len(text) > 4*maxText {
		return Tag{}, fmt.Errorf("reading tag: %d bytes are too many", len(text))
	}
	var element struct {
		XMLName xml.Name
		Home    string `xml:"home,attr"`
		Owner   string `xml:"owner,attr"`
		Machine string `xml:"machine,attr"`
	}
	if err := xml.Unmarshal([]byte(text), &element); err != nil {
		return Tag{}, fmt.Errorf("reading tag: %w", err)
	}
	if element.XMLName.Local != "domain" {
		return Tag{}, fmt.Errorf("reading tag: element %q is not ours", element.XMLName.Local)
	}
	return Tag{Home: element.Home, Owner: element.Owner, Machine: element.Machine}, nil
}
