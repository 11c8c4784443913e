package app

import (
	"fmt"
	"slices"

	"distrolab/distros"
	"distrolab/provision/talos"
)

// secretsName is what talosctl calls the file of a cluster's secrets.
const secretsName = "secrets.yaml"

// madeNote is said of a config that nobody can use: its secrets are kept nowhere.
const madeNote = "Its secrets were made for this rendering and are kept nowhere; --out keeps them as " + secretsName + ", --secrets FILE uses yours."

// machineSecrets are what the chosen format needs beyond an intent: Talos has
// CAs and keys of its own. They come from the person's file, or are made.
func (a *application) machineSecrets(d distros.Distro, c choice) (secrets []byte, made bool, err error) {
	needs := takesSecrets(d, c.format)
	switch {
	case needs && c.given != nil:
		return c.given, false, nil
	case c.secrets != "" && !needs:
		return nil, false, usage(fmt.Errorf("--secrets is for Talos; the config of %s needs no secrets of its own", d.Name))
	case c.secrets != "":
		secrets, err = a.readFile(c.secrets, maxSecretsFile)
		return secrets, false, err
	case needs:
		secrets, err = talos.NewSecrets(a.world.Now())
		return secrets, true, err
	}
	return nil, false, nil
}

func takesSecrets(d distros.Distro, format string) bool {
	if format == "" {
		format = d.Config.Format
	}
	return format == talos.Format && slices.ContainsFunc(d.Configs(), func(p distros.ConfigProfile) bool { return p.Format == format })
}
