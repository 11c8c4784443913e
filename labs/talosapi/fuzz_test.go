package talosapi

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
	"google.golang.org/protobuf/types/known/anypb"
)

// harmless says whether a text can be shown anywhere.
func harmless(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func FuzzDecode(f *testing.F) {
	f.Add("talos/runtime/machine.SequenceEvent", []byte("\x0a\x04boot\x10\x01"), "1")
	f.Add("talos/runtime/machine.MachineStatusEvent", []byte("\x08\x04\x12\x02\x08\x01"), "\x1b")
	f.Add("talos/runtime/machine.AddressEvent", []byte("\x0a\x01h\x12\x01a"), "")
	f.Add("", []byte(nil), "")
	f.Fuzz(func(t *testing.T, url string, value []byte, id string) {
		e, ok := decode(&machineapi.Event{Id: id, Data: &anypb.Any{TypeUrl: url, Value: value}}, time.Now())
		if !ok {
			return
		}
		all := e.ID + e.Name + e.Action + e.Text
		if !harmless(all) || len(all) > 3*(maxText+8)+20*(maxText+8) || e.Kind == "" {
			t.Errorf("%q", all)
		}
	})
}

func FuzzScrub(f *testing.F) {
	f.Add("machine:\n  token: abcdefgh\n", "it has abcdefgh in it")
	f.Add("a: {key: \"x\\ny0123456789\"}\n---\nb: [{content: 0123456789}]\n", "0123456789\x00")
	f.Add("&a [*a]", "x")
	f.Fuzz(func(t *testing.T, config, text string) {
		s := newScrubber(config)
		got := s.clean(text)
		if !harmless(got) || len(got) > maxText+3 {
			t.Errorf("%q", got)
		}
		for _, secret := range s.secrets {
			if len(secret) > len(hidden) && strings.Contains(got, secret) {
				t.Errorf("%q holds the secret %q", got, secret)
			}
		}
	})
}
