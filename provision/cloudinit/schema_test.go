package cloudinit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

// script is what runs the schema of Debian's cloud-init, which is never
// installed.
const script = "../../scripts/cloud-init-schema"

// modules is the directory of cloud-init's Python modules.
func modules(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), script, "--fetch").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 {
		t.Skipf("Debian's cloud-init cannot be had; scripts/setup --tests fetches it:\n%s", exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// schemaProgram judges documents by the function behind the command `schema`;
// strict makes deprecated keys errors. It prints what is wrong with each.
const schemaProgram = `
import json, sys, yaml
from cloudinit.config import schema
def judge(kind, text):
    kinds = schema.SchemaType.CLOUD_CONFIG if kind == "user-data" else schema.SchemaType.NETWORK_CONFIG
    try:
        schema.validate_cloudconfig_schema(yaml.load(text, yaml.CSafeLoader), schema_type=kinds, strict=True)
    except Exception as e:
        return [repr(e)]
    return []
print(json.dumps([judge(kind, text) for kind, text in json.load(sys.stdin)]))
`

// TestSchemaOfCloudInitHoldsForEverySystem gives what is rendered for every
// system and delivery, of the intents that differ most and of many generated
// ones, to the schema of Debian 13's cloud-init.
func TestSchemaOfCloudInitHoldsForEverySystem(t *testing.T) {
	directory := modules(t)
	noUsers := intenttest.Full()
	noUsers.Users = nil
	intents := []provision.Intent{intenttest.Minimal(), intenttest.Full(), noUsers, provision.DefaultIntent("node1", "core", nil)}
	fixed := len(intents)
	generator := intenttest.Intents()
	for seed := range 60 {
		intents = append(intents, generator.Example(seed))
	}
	seen := map[[2]string]string{}
	var input [][2]string
	for at, tg := range targets(t) {
		for i, intent := range intents {
			if i >= fixed && i%7 != at%7 {
				continue
			}
			for _, doc := range render(t, intent, tg).Documents {
				pair := [2]string{doc.Name, doc.Content}
				if _, known := seen[pair]; known || doc.Name == "meta-data" || doc.Content == "" {
					continue
				}
				seen[pair] = tg.Distro.Name
				input = append(input, pair)
			}
		}
	}
	// The judge itself: it must find what is wrong.
	input = append(input, [2]string{"user-data", "#cloud-config\nruncmd: 1\n"}, [2]string{"user-data", "#cloud-config\nusers: [{name: a, lock-passwd: true}]\n"},
		[2]string{"network-config", "version: 2\nethernets: {a: {dhcp4: maybe}}\n"})
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", schemaProgram)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+directory, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running cloud-init's schema: %v\n%s", err, stderr.String())
	}
	var problems [][]string
	if err := json.Unmarshal(out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d documents", len(input)-3)
	for i, list := range problems {
		if spoiled := i >= len(input)-3; spoiled != (len(list) > 0) {
			t.Errorf("%s, %s: %v\n%s", seen[input[i]], input[i][0], list, input[i][1])
		}
	}
}

// TestSchemaCommand is the same as a person would do it.
func TestSchemaCommand(t *testing.T) {
	modules(t)
	dir := t.TempDir()
	for _, name := range []string{"alpine", "centos-7"} {
		files := intenttest.Files(t, dir, render(t, intenttest.Full(), target(t, name, "")).Documents)
		for _, arguments := range [][]string{
			{"--config-file", files["user-data"]},
			{"--schema-type", "network-config", "--config-file", files["network-config"]},
		} {
			out, err := exec.CommandContext(t.Context(), script, arguments...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "Valid schema") || strings.Contains(strings.ToLower(string(out)), "deprecat") {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
	spoiled := filepath.Join(dir, "spoiled")
	if err := os.WriteFile(spoiled, []byte("#cloud-config\nruncmd: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), script, "--config-file", spoiled).CombinedOutput(); err == nil {
		t.Errorf("a wrong config was accepted:\n%s", out)
	}
}
