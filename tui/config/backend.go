// Package config is the screen on which an intent is written and seen as the
// config of every marked system while typing: a form on the left, the configs on
// the right with what each system cannot do, the difference of two, and ways to
// and from files.
//
// It knows what an intent is (package provision) and asks its [Backend] for
// everything that has an effect or takes time, always in commands. One rendering
// runs at a time: what was typed meanwhile is rendered as soon as it returns, so
// that the newest wins and no timer is needed.
package config

import (
	"context"
	"os/exec"

	"distrolab/distros"
	"distrolab/provision"
)

// Backend does for the screen what the commands render, diff and up do. Its
// methods are called from commands, several at a time, and may wait.
type Backend interface {
	// Begin is the intent that the form begins with: what a system gets for which
	// nobody wrote one. user is the system's own user, "" where it has none.
	Begin(user string) provision.Intent
	// Render renders for one system, in one of its formats ("" for its own). An
	// error says why there is no config, without the intent's secrets.
	Render(ctx context.Context, intent provision.Intent, d distros.Distro, format string) (Rendering, error)
	// Write writes the files of a rendering below a directory, for their owner
	// alone, and returns their paths. Without replace an error that is fs.ErrExist
	// says what is there already; nothing is written then.
	Write(ctx context.Context, dir string, r Rendering, replace bool) ([]string, error)
	// Read reads a file of the person's: an intent, a key, the content of a file.
	Read(ctx context.Context, path string) ([]byte, error)
	// Save writes one file for its owner alone; replace as in Write.
	Save(ctx context.Context, path, text string, replace bool) error
	// Edit puts a text into a file that only its owner reads. The command is the
	// person's editor on it; done reads what it left and removes the file.
	Edit(ctx context.Context, text string) (editor *exec.Cmd, done func() (string, error), err error)
}

// Rendering is an intent as the config of one system.
type Rendering struct {
	Distro   distros.Distro
	Intent   provision.Intent
	Format   string // in words, such as "ignition (Butane flatcar 1.1.0)"
	Config   provision.Config
	Made     []byte    // machine secrets that were made for it, written beside it
	Findings []Finding // what the format's own check says of its documents
}

// Finding is what a check says of one document.
type Finding struct {
	Document string // its name
	provision.Finding
}
