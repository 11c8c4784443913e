package app

import (
	"distrolab/distros"
	"distrolab/provision"
)

// exampleKey stands where a lab's own key will be.
const exampleKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example-key-of-the-lab"

// readIntent reads a file once, and gives the intent for a system: the file's,
// or the default one of the system.
func (a *application) readIntent(path, key string) (func(distros.Distro) provision.Intent, error) {
	if path == "" {
		return func(d distros.Distro) provision.Intent { return defaultIntent(d.Name, d.Boot.User, key) }, nil
	}
	data, err := a.readFile(path, maxIntentFile)
	if err != nil {
		return nil, err
	}
	intent, err := provision.ParseIntent(fileName(path), data)
	if err != nil {
		return nil, usage(err)
	}
	return func(distros.Distro) provision.Intent { return intent }, nil
}

// defaultIntent asks for a name, and for a user where the system has users.
func defaultIntent(hostname, user, key string) provision.Intent {
	if user == "" {
		return provision.Intent{Hostname: hostname}
	}
	return provision.DefaultIntent(hostname, user, []string{key})
}
