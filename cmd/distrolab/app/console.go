package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"distrolab/labs"
)

// leaveKey ends a console: ctrl-], as in telnet and virsh.
const leaveKey = 0x1d

func newConsole(a *application) *cobra.Command {
	return &cobra.Command{
		Use:   "console MACHINE",
		Short: "Attach to a machine's serial console",
		Long: `Console shows what the machine last said on its serial port, then what it says,
and sends what you type. Ctrl-] leaves. Without a terminal it only shows.`,
		Example: "  distrolab console debian-local\n  distrolab console trial/debian-local > boot.log",
		Args:    exactly(1, "one machine; `distrolab ps` lists them"), ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			lab, m, err := labs.FindMachine(cmd.Context(), h, args[0])
			if err != nil {
				return usage(err)
			}
			conn, err := labs.Connect(h, lab).Console(cmd.Context(), m.Name)
			if err != nil {
				return err
			}
			defer conn.Close()
			go func() { <-cmd.Context().Done(); conn.Close() }()
			return a.attach(conn, m.Name)
		},
	}
}

// attach joins the terminal to the console. The guest's bytes reach the
// terminal as they are: that is what a console is.
func (a *application) attach(conn io.ReadWriteCloser, name string) error {
	in, ok := a.world.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || a.world.OutWidth == 0 {
		_, err := io.Copy(a.world.Out, conn)
		if errors.Is(err, net.ErrClosed) {
			return nil // interrupted: that is how one leaves
		}
		return err
	}
	fmt.Fprintf(a.world.Err, "console of %s; ctrl-] leaves\r\n", name)
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("preparing the terminal: %w", err)
	}
	defer func() {
		term.Restore(int(in.Fd()), before)
		fmt.Fprintln(a.world.Err)
	}()
	go func() {
		typeUntilLeave(conn, in)
		conn.Close()
	}()
	_, _ = io.Copy(a.world.Out, conn) // the console's end, ours or the guest's, is no error
	return nil
}

// typeUntilLeave copies keys until the leave key or an end.
func typeUntilLeave(to io.Writer, keys io.Reader) {
	buffer := make([]byte, 256)
	for {
		n, err := keys.Read(buffer)
		for i, b := range buffer[:n] {
			if b == leaveKey {
				n, err = i, io.EOF
				break
			}
		}
		if _, e := to.Write(buffer[:n]); e != nil || err != nil {
			return
		}
	}
}
