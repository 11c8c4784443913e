package distros

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func on(t *testing.T, day string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestStandingFollowsTheCalendar(t *testing.T) {
	lts := Support{State: "maintained", Until: "2026-06-30", ExtendedUntil: "2028-06-30"}
	for _, tt := range []struct {
		name    string
		support Support
		day     string
		want    Standing
	}{
		{"no day known", Support{State: "maintained"}, "2026-01-01", Standing{State: "maintained"}},
		{"far from its end", lts, "2024-06-30", Standing{"maintained", "2026-06-30", "ends in 2 years"}},
		{"a day less than two years", lts, "2024-07-01", Standing{"maintained", "2026-06-30", "ends in 23 months"}},
		{"seven months", lts, "2025-11-26", Standing{"maintained", "2026-06-30", "ends in 7 months"}},
		{"weeks", lts, "2026-05-31", Standing{"maintained", "2026-06-30", "ends in 30 days"}},
		{"tomorrow", lts, "2026-06-29", Standing{"maintained", "2026-06-30", "ends in 1 day"}},
		{"the last day counts", lts, "2026-06-30", Standing{"maintained", "2026-06-30", "ends today"}},
		{"the day after", lts, "2026-07-01", Standing{"extended", "2028-06-30", "ends in 23 months"}},
		{"after everything", lts, "2028-07-01", Standing{"ended", "2028-06-30", "ended 2028-06-30"}},
		{"no extension", Support{State: "maintained", Until: "2026-06-30"}, "2026-07-01", Standing{"ended", "2026-06-30", "ended 2026-06-30"}},
		{"extended since long", Support{State: "extended", Until: "2024-06-30"}, "2026-07-01", Standing{State: "extended"}},
		{"extended, then over", Support{State: "extended", ExtendedUntil: "2026-06-30"}, "2026-07-01", Standing{"ended", "2026-06-30", "ended 2026-06-30"}},
		{"extended before its time", Support{State: "extended", Until: "2027-01-01", ExtendedUntil: "2028-06-30"}, "2026-06-30", Standing{"extended", "2028-06-30", "ends in 2 years"}},
		{"ended some day", Support{State: "ended"}, "2026-01-01", Standing{State: "ended"}},
		{"ended since", Support{State: "ended", Since: "2020-05-26"}, "2026-01-01", Standing{"ended", "2020-05-26", "ended 2020-05-26"}},
		{"ended on a last day", Support{State: "ended", Since: "2024-07-01", Until: "2024-06-30"}, "2026-01-01", Standing{"ended", "2024-06-30", "ended 2024-06-30"}},
		{"ended before the promised day", Support{State: "ended", Since: "2021-12-31", Until: "2029-05-31"}, "2022-01-01", Standing{"ended", "2021-12-31", "ended 2021-12-31"}},
		{"unconfirmed", Support{State: "unconfirmed"}, "2026-01-01", Standing{State: "unconfirmed"}},
		{"unconfirmed with a day", Support{State: "unconfirmed", Until: "2026-03-01"}, "2026-01-01", Standing{"unconfirmed", "2026-03-01", "ends in 2 months"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.support.On(on(t, tt.day))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStandingIsOneSentence(t *testing.T) {
	for want, s := range map[string]Standing{
		"maintained":                    {State: "maintained"},
		"extended, ends in 2 years":     {State: "extended", Words: "ends in 2 years"},
		"ended 2024-06-30":              {State: "ended", Words: "ended 2024-06-30"},
		"unconfirmed, ends in 2 months": {State: "unconfirmed", Words: "ends in 2 months"},
	} {
		if got := s.String(); got != want {
			t.Errorf("%+v is called %q, want %q", s, got, want)
		}
	}
}

func TestStandingUsesTheDayOfTheClock(t *testing.T) {
	late := time.Date(2026, 6, 30, 23, 59, 0, 0, time.FixedZone("west", -8*3600))
	if got := (Support{State: "maintained", Until: "2026-06-30"}).On(late).Words; got != "ends today" {
		t.Errorf("late on its last day it %q", got)
	}
}
