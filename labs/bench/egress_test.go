package bench

import "testing"

func TestWhatLeavesTaints(t *testing.T) {
	for _, tt := range []struct {
		addressed     int64
		isolated      bool
		left, refused int64
		tainted       bool
	}{
		{0, false, 0, 0, false},
		{0, true, 0, 0, false},
		{120, true, 0, 120, false}, // nothing came back: the guest got its refusal at once
		{120, false, 120, 0, true},
	} {
		left, refused := egress(tt.addressed, tt.isolated)
		if left != tt.left || refused != tt.refused || (egressTaint(left) != "") != tt.tainted {
			t.Errorf("%d bytes addressed, isolated %v: %d left, %d refused, taint %q", tt.addressed, tt.isolated, left, refused, egressTaint(left))
		}
	}
}
