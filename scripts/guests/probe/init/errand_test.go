//go:build linux

package main

import (
	"testing"
	"time"
)

func TestErrandsAreReadFromTheCommandLine(t *testing.T) {
	for line, want := range map[string]errands{
		"console=ttyS0 panic=-1":                                 {},
		"distrolab.clap=1000 distrolab.sleep=3s distrolab.time":  {claps: 1000, sleep: 3 * time.Second, time: true},
		"distrolab.clap=-1 distrolab.sleep=soon distrolab.times": {},
		"distrolab.clap=1000000 distrolab.sleep=2h":              {},
		`"distrolab.time and more"`:                              {},
	} {
		if got := readErrands(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}
