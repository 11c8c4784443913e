package combustion_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/combustion"
	"distrolab/provision/internal/intenttest"
)

func TestCheckSaysWhereAndWhat(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		severity     string
		line, column int
		says         string
	}{
		"no interpreter":    {"set -e\n", provision.SeverityError, 1, 1, "#!/bin/bash"},
		"Windows":           {"#!/bin/bash\r\ntrue\r\n", provision.SeverityError, 1, 12, "Unix line ends"},
		"no end of if":      {"#!/bin/bash\nif true; then\n", provision.SeverityError, 2, 10, "cannot read this"},
		"open quote":        {"#!/bin/bash\n\n  echo 'x\n", provision.SeverityError, 3, 8, "quote"},
		"bash in sh":        {"#!/bin/sh\na=(1 2)\n", provision.SeverityError, 2, 3, "array"},
		"no network":        {"#!/bin/bash\nset -e\n  zypper -n in vim\n", provision.SeverityWarning, 3, 3, "# combustion: network"},
		"misspelt flag":     {"#!/bin/bash\n# combustion: netwrok\n", provision.SeverityWarning, 2, 15, "did you mean network?"},
		"misspelt line":     {"#!/bin/bash\n#combustion: network\n", provision.SeverityWarning, 2, 1, "exactly"},
		"prepare forgotten": {"#!/bin/bash\n# combustion: prepare\ntrue\n", provision.SeverityWarning, 1, 1, "--prepare"},
		"home":              {"#!/bin/bash\nuseradd -m me\n", provision.SeverityWarning, 2, 1, "mount /home"},
		"start":             {"#!/bin/bash\nsystemctl enable --now sshd\n", provision.SeverityWarning, 2, 1, "systemctl enable"},
		"transaction":       {"#!/bin/bash\ntrue && transactional-update pkg in vim\n", provision.SeverityError, 2, 9, "zypper"},
		"reboot":            {"#!/bin/bash\nreboot\n", provision.SeverityWarning, 2, 1, "snapshot"},
		"Python":            {"#!/usr/bin/env python3\n", provision.SeverityWarning, 1, 1, "python3"},
		"too long":          {"#!/bin/bash\n" + strings.Repeat("#", 16<<20), provision.SeverityError, 0, 0, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			found := combustion.Check("script", c.text, provision.Target{})
			if len(found) == 0 {
				t.Fatal("nothing found")
			}
			f := found[0]
			if f.Severity != c.severity || f.Line != c.line || f.Column != c.column || !strings.Contains(f.Message, c.says) {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// The README of Combustion shows such a script; nothing is wrong with it.
func TestCheckTakesGoodScripts(t *testing.T) {
	for _, text := range []string{
		"#!/bin/sh\n# combustion: network\nsystemctl enable sshd.service\nzypper --non-interactive install vim-small\ncp welcome /root/welcome\n",
		"#!/bin/bash\n# combustion: network prepare\nif [ \"${1-}\" = --prepare ]; then exit 0; fi\nexec > >(exec tee -a /dev/tty0) 2>&1\nmount /home\nuseradd -m me\ncurl example.org\n",
	} {
		if found := combustion.Check("script", text, provision.Target{}); len(found) > 0 {
			t.Errorf("%v in:\n%s", found, text)
		}
	}
}

func TestCheckSurvivesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "#!/bin/bash\n", "#!/bin/sh\n", "#!"}).Draw(t, "head") + intenttest.Contents().Draw(t, "text")
		if found := combustion.Check("script", text, provision.Target{}); len(found) > 50 {
			t.Fatalf("%d findings", len(found))
		}
	})
	many := "#!/bin/bash\n" + strings.Repeat("reboot\n", 1000)
	if found := combustion.Check("script", many, provision.Target{}); len(found) != 50 {
		t.Errorf("%d findings of 1000, want 50", len(found))
	}
}

func TestValidateRefusesSpoiledScripts(t *testing.T) {
	good := render(t, intenttest.Full(), microos(t))
	for name, spoil := range map[string]func(*provision.Config){
		"nothing":    func(c *provision.Config) { c.Documents = nil },
		"wrong name": func(c *provision.Config) { c.Documents[0].Name = "script" },
		"cut": func(c *provision.Config) {
			c.Documents[0].Content = c.Documents[0].Content[:len(c.Documents[0].Content)/2]
		},
		"no network": func(c *provision.Config) {
			c.Documents[0].Content = strings.Replace(c.Documents[0].Content, "# combustion:", "#", 1)
		},
	} {
		spoiled := good
		spoiled.Documents = append([]provision.Document(nil), good.Documents...)
		spoiled.Delivery = distros.Delivery{Kind: distros.DeliverVolume, Label: "combustion"}
		if combustion.Validate(spoiled) != nil {
			t.Fatalf("%s: the good one is refused", name)
		}
		spoil(&spoiled)
		if combustion.Validate(spoiled) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
