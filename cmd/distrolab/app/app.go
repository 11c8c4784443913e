// Package app is distrolab's command line: it reads flags and the environment,
// wires the packages below together and prints what they say. One file holds
// one command. It holds no logic of labs, configs or catalogs itself.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"distrolab/labs/home"
)

// World is everything the program gets from outside besides its arguments.
type World struct {
	In         io.Reader
	Out, Err   io.Writer
	Getenv     func(string) string
	UID        int
	Executable string // path of this binary, for the background process of a lab
	OutWidth   int    // columns of Out when it is a terminal, else 0
	Now        func() time.Time
}

// System is the world of a real process.
func System() World {
	width := 0
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		width = w
	}
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return World{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv,
		UID: os.Geteuid(), Executable: self, OutWidth: width, Now: time.Now}
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, w World, args []string) int {
	root := newRoot(w)
	root.SetArgs(args)
	root.SetIn(w.In)
	root.SetOut(w.Out)
	root.SetErr(w.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitDone
	}
	code := exitCode(ctx, err)
	if !errors.Is(err, errSilent) && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintf(w.Err, "distrolab: %s\n", sentence(err))
	}
	return code
}

const rootLong = `distrolab compares container operating systems, boots them in local libvirt
machines with generated configs, and measures where the time of a boot goes.

Exit status:
  0    done
  1    failed
  2    wrong usage: an unknown command, flag, distro, lab or machine
  3    a check failed: a regression, a config with errors, with --strict a gap
  4    this machine cannot do it; "distrolab doctor" says why
  130  interrupted

Environment:
  DISTROLAB_HOME        where images, labs and results are kept
  DISTROLAB_CONNECT     libvirt URI (default qemu:///session, for root qemu:///system)
  DISTROLAB_IMAGES_MAX  size the image store keeps to, such as 40GiB: the longest unused go first
  NO_COLOR              any value: no colour`

const rootExample = `  distrolab doctor                                  can this machine do it?
  distrolab compare flatcar talos --differences     facts side by side
  distrolab score --profile managed-kubernetes      which one, for what I decide by
  distrolab pull flatcar                            a verified image
  distrolab render flatcar                          the config that would be used
  distrolab explain talos --intent node.yaml        what it does at first boot, and what it cannot do
  distrolab up debian-local && distrolab ssh debian-local
  distrolab bench boot debian-local coreos-standin --blocks 6`

func newRoot(w World) *cobra.Command {
	a := &application{world: w}
	var app appOptions
	root := &cobra.Command{
		Use:           "distrolab",
		Short:         "Compare container operating systems, boot them, measure the boot",
		Long:          rootLong,
		Example:       rootExample,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),

		SuggestionsMinimumDistance: 2,

		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runApp(cmd.Context(), app) },
	}
	appFlags(root, &app)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().StringVarP(&a.output, "output", "o", "table", "form of the output: table or json")
	root.PersistentFlags().StringVar(&a.connect, "connect", "", "libvirt URI (default $DISTROLAB_CONNECT, then by user)")
	root.PersistentFlags().BoolVar(&a.verbose, "verbose", false, "log what is done to standard error")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.checkOutput() }
	root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddGroup(
		&cobra.Group{ID: "catalog", Title: "Compare:"},
		&cobra.Group{ID: "config", Title: "First-boot configs:"},
		&cobra.Group{ID: "image", Title: "Images:"},
		&cobra.Group{ID: "lab", Title: "Try:"},
		&cobra.Group{ID: "bench", Title: "Measure:"},
		&cobra.Group{ID: "host", Title: "This machine:"},
	)
	addCommands(root, a)
	return root
}

// unknownCommand refuses a word that is no command, with those that are near.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "`distrolab --help` lists them"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(fmt.Errorf("unknown command %.64q; %s", args[0], hint))
}

// addCommands lists every command with the group that help shows it in.
func addCommands(root *cobra.Command, a *application) {
	groups := []struct {
		id       string
		commands []*cobra.Command
	}{
		{"catalog", []*cobra.Command{newList(a), newShow(a), newCompare(a), newReleases(a), newScore(a)}},
		{"config", []*cobra.Command{newRender(a), newExplain(a), newDiff(a), newValidate(a), newConvert(a)}},
		{"image", []*cobra.Command{newPull(a), newBuild(a), newImport(a), newImages(a), newRemove(a), newKubernetes(a)}},
		{"lab", []*cobra.Command{newUp(a), newPs(a), newSSH(a), newConsole(a), newStop(a), newStart(a), newCluster(a), newDown(a)}},
		{"bench", []*cobra.Command{newBench(a), newResults(a)}},
		{"host", []*cobra.Command{newDoctor(a), newGC(a)}},
		{"", []*cobra.Command{newHold(a), newDial(a)}},
	}
	for _, g := range groups {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
}

// application carries what every command needs: the world and the global flags.
type application struct {
	world   World
	output  string
	connect string
	verbose bool
}

func (a *application) checkOutput() error {
	if a.output != "table" && a.output != "json" {
		return usage(fmt.Errorf("unknown output form %q: use table or json", a.output))
	}
	return nil
}

func (a *application) json() bool { return a.output == "json" }

func (a *application) log() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.world.Err, &slog.HandlerOptions{Level: level}))
}

// uri is the libvirt URI asked for; "" leaves the choice to the user's id.
func (a *application) uri() string {
	if a.connect != "" {
		return a.connect
	}
	return a.world.Getenv("DISTROLAB_CONNECT")
}

// home gives the places of this installation and makes them.
func (a *application) home() (home.Home, error) {
	h, err := home.For(a.world.UID, a.world.Getenv)
	if err != nil {
		return home.Home{}, cannot(err)
	}
	if err := h.Prepare(); err != nil {
		return home.Home{}, cannot(err)
	}
	return h, nil
}
