package distros

import (
	"fmt"
	"time"
)

// Standing is how a system is supported on one day, read from the days of its
// [Support]: an entry that nobody has touched for a year still says the truth.
type Standing struct {
	State string `json:"state"`         // "maintained", "extended", "ended", "unconfirmed"
	End   string `json:"end,omitempty"` // last day of this state, or of all support when it has ended; empty: not known
	Words string `json:"words"`         // such as "ends in 7 months" or "ended 2024-06-30"; empty: no day is known
}

// On returns the standing of a system on a day.
func (s Support) On(day time.Time) Standing {
	today := day.Format(time.DateOnly)
	last := max(s.Until, s.ExtendedUntil) // days in this form sort as texts
	switch {
	case s.State == "unconfirmed":
		return Standing{State: s.State, End: last, Words: ending(last, day)}
	case s.State == "ended":
		return ended(firstOf(past(last, today), past(s.Since, today)))
	case last != "" && last < today && (s.ExtendedUntil != "" || s.State == "maintained"):
		return ended(last)
	case s.State == "maintained" && (s.Until == "" || today <= s.Until):
		return Standing{State: "maintained", End: s.Until, Words: ending(s.Until, day)}
	default:
		return Standing{State: "extended", End: s.ExtendedUntil, Words: ending(s.ExtendedUntil, day)}
	}
}

// String says state and end together, such as "extended, ends in 2 years".
func (s Standing) String() string {
	switch {
	case s.Words == "":
		return s.State
	case s.State == "ended":
		return s.Words
	default:
		return s.State + ", " + s.Words
	}
}

func ended(day string) Standing {
	if day == "" {
		return Standing{State: "ended"}
	}
	return Standing{State: "ended", End: day, Words: "ended " + day}
}

// past keeps a day that is not after today.
func past(day, today string) string {
	if day > today {
		return ""
	}
	return day
}

func firstOf(days ...string) string {
	for _, d := range days {
		if d != "" {
			return d
		}
	}
	return ""
}

// ending says when something ends whose last day is known.
func ending(last string, day time.Time) string {
	end, err := time.Parse(time.DateOnly, last)
	if err != nil {
		return ""
	}
	today := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	if end.Before(today) {
		return "ended " + last
	}
	if end.Equal(today) {
		return "ends today"
	}
	return "ends in " + Span(today, end)
}

// Span says in words how long it is from one day to a later one: in days up to
// two months, then in whole months up to two years, then in whole years.
func Span(from, to time.Time) string {
	days := int(to.Sub(from).Hours() / 24)
	months := (to.Year()-from.Year())*12 + int(to.Month()-from.Month())
	if to.Day() < from.Day() {
		months--
	}
	switch {
	case days == 1:
		return "1 day"
	case months < 2:
		return fmt.Sprintf("%d days", days)
	case months < 24:
		return fmt.Sprintf("%d months", months)
	default:
		return fmt.Sprintf("%d years", months/12)
	}
}
