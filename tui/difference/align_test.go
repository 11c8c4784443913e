package difference

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Aligning loses no line of either text, keeps the order, and calls lines equal
// that are.
func TestAlignedKeepsEveryLine(t *testing.T) {
	texts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", ""}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		for _, pairs := range [][]linePair{aligned(a, b), asTheyCome(a, b)} {
			var left, right []string
			for _, p := range pairs {
				if p.mark != '>' {
					left = append(left, p.left)
				}
				if p.mark != '<' {
					right = append(right, p.right)
				}
				if (p.mark == ' ') != (p.left == p.right) && p.mark != '<' && p.mark != '>' {
					t.Fatalf("%q and %q are marked %q", p.left, p.right, p.mark)
				}
			}
			if !slices.Equal(left, a) || !slices.Equal(right, b) {
				t.Fatalf("%q and %q became %q and %q", a, b, left, right)
			}
		}
	})
}

func TestAlignedSetsEqualLinesBesideEachOther(t *testing.T) {
	got := aligned([]string{"head", "old", "same", "gone"}, []string{"head", "new", "same", "more", "end"})
	want := []linePair{{"head", "head", ' '}, {"old", "new", '|'}, {"same", "same", ' '}, {"gone", "more", '|'}, {"", "end", '>'}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(linePair{})); diff != "" {
		t.Error(diff)
	}
}
