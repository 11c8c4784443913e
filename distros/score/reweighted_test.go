package score

import (
	"math"
	"testing"
)

func TestReweightedTakesWhatFits(t *testing.T) {
	p := parse(t, small)
	q := p.Reweighted(map[string]float64{"support": 3, "manage": -1, "boot": math.NaN(), "colour": 9})
	if q.Criteria[0].Weight != 3 || q.Criteria[1].Weight != p.Criteria[1].Weight || q.Criteria[2].Weight != p.Criteria[2].Weight {
		t.Errorf("%v", q.Criteria)
	}
	if p.Criteria[0].Weight != 10 {
		t.Error("the profile itself was changed")
	}
	if q := p.Reweighted(map[string]float64{"support": 0, "manage": 0, "boot": 0}); q.Criteria[0].Weight != 10 {
		t.Error("nothing would count, and the profile's own weights are not kept")
	}
	if q := p.Reweighted(nil); q.Criteria[1].Weight != p.Criteria[1].Weight {
		t.Error("no weights changed something")
	}
}
