package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"distrolab/labs"
	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
)

func newDown(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "down LAB...", Short: "End labs and remove everything of them",
		Example: "  distrolab down lab",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("name a lab; `distrolab ps` lists them"))
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.completeLabs(cmd, func(s labs.Status) []string { return []string{s.Lab} })
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			for _, lab := range args {
				if err := labs.CheckName("lab", lab); err != nil {
					return usage(err)
				}
				err := labs.Down(cmd.Context(), h, lab)
				var unknown *labs.UnknownLabError
				if errors.As(err, &unknown) {
					return usage(err)
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(a.world.Err, "lab %s is gone\n", lab)
			}
			return nil
		},
	}
}

// newHold is the background process of a lab. File descriptor 3 takes its first
// word: "ready", or why it cannot be.
func newHold(a *application) *cobra.Command {
	return &cobra.Command{
		Use: labs.HoldCommand + " LAB", Hidden: true, Args: exactly(1, "a lab"),
		RunE: func(cmd *cobra.Command, args []string) error {
			// A libvirt daemon that this process starts would otherwise keep it open,
			// and the command that waits for the end of our word would wait for ever.
			syscall.CloseOnExec(3)
			word := os.NewFile(3, "ready")
			if word == nil {
				return usage(errors.New("this command is for distrolab itself"))
			}
			h, err := a.home()
			if err != nil {
				return err
			}
			ready := false
			err = holder.Run(cmd.Context(), holder.Options{
				Home: h, Lab: args[0], RuntimeDir: a.world.Getenv("XDG_RUNTIME_DIR"), Run: runner, Log: a.log(),
				Ready: func() {
					ready = true
					fmt.Fprint(word, labs.ReadyWord)
					word.Close()
				},
			})
			if err != nil && !ready {
				fmt.Fprint(word, sentence(err))
			}
			var unavailable *hypervisor.UnavailableError
			if errors.As(err, &unavailable) {
				return cannot(err)
			}
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
	}
}
