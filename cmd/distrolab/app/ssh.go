package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs"
	"distrolab/labs/home"
)

func newSSH(a *application) *cobra.Command {
	return &cobra.Command{
		Use:   "ssh MACHINE [-- COMMAND...]",
		Short: "Log in to a machine, or run a command on it",
		Long: `Ssh runs the system's ssh with the lab's own key, through the lab's network.
MACHINE is a machine's name, or LAB/MACHINE where several labs have one.
The exit status is that of ssh.`,
		Example: "  distrolab ssh debian-local\n  distrolab ssh trial/debian-local -- systemd-analyze blame",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("name a machine; `distrolab ps` lists them"))
			}
			return nil
		},
		ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runSSH(cmd.Context(), args[0], args[1:])
		},
	}
}

func (a *application) runSSH(ctx context.Context, name string, command []string) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	lab, m, err := labs.FindMachine(ctx, h, name)
	if err != nil {
		return usage(err)
	}
	if m.User == "" {
		return fmt.Errorf("%s has no login over SSH; see `distrolab show %s`", m.Name, m.Distro)
	}
	cmd := a.sshCommand(ctx, h, lab, m, command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.world.In, a.world.Out, a.world.Err
	// Ctrl-C belongs to the program in the guest; ssh passes it on.
	cmd.Cancel = func() error { return nil }
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return codeError{exit.ExitCode(), errSilent}
	}
	return err
}

// sshCommand is the login to a machine. ssh itself decides how the command's
// words are joined, as it always does.
func (a *application) sshCommand(ctx context.Context, h home.Home, lab string, m labs.MachineStatus, command []string) *exec.Cmd {
	args := append(sshOptions(h, a.world.Executable, lab, m.Name), m.User+"@"+m.Name)
	return exec.CommandContext(ctx, "ssh", append(args, command...)...)
}

// sshOptions are ssh's options for one machine. The host key is remembered at
// the first login: the machine is new, and its network reachable by us alone.
func sshOptions(h home.Home, executable, lab, machine string) []string {
	return []string{
		"-o", "IdentityFile=" + quoteSSH(percent(labs.KeyPath(h, lab))),
		"-o", "IdentitiesOnly=yes",
		"-o", "StrictHostKeyChecking=accept-new",
		"-o", "UserKnownHostsFile=" + quoteSSH(percent(labs.KnownHostsPath(h, lab))),
		"-o", "HostKeyAlias=" + machine,
		"-o", "LogLevel=ERROR",
		"-o", "ProxyCommand=" + percent(quoteShell(executable)) + " dial-machine " + lab + "/" + machine + " 22",
	}
}

// quoteSSH quotes a path for ssh's own configuration syntax.
func quoteSSH(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// percent keeps ssh from reading its own tokens in a path.
func percent(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// quoteShell quotes a word for the shell that runs a ProxyCommand.
func quoteShell(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// newDial is what ssh runs: it joins standard input and output to a port of a
// machine.
func newDial(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "dial-machine LAB/MACHINE PORT", Hidden: true, Args: exactly(2, "a machine and a port"),
		RunE: func(cmd *cobra.Command, args []string) error {
			port, err := strconv.ParseUint(args[1], 10, 16)
			if err != nil {
				return usage(err)
			}
			h, err := a.home()
			if err != nil {
				return err
			}
			lab, machine, _ := strings.Cut(args[0], "/")
			conn, err := labs.Connect(h, lab).Dial(cmd.Context(), machine, uint16(port))
			if err != nil {
				return err
			}
			defer conn.Close()
			go func() {
				_, _ = io.Copy(conn, a.world.In) // its end ends the connection
				conn.Close()
			}()
			_, err = io.Copy(a.world.Out, conn)
			if errors.Is(err, net.ErrClosed) {
				return nil // ssh has hung up
			}
			return err
		},
	}
}
