package app

import "github.com/spf13/cobra"

// The flags that several commands on configs have, with the same words.

func intentFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "intent", "", "YAML `file` that says what is wanted (- is standard input)")
	cmd.MarkFlagFilename("intent", "yaml", "yml")
}

func strictFlag(cmd *cobra.Command, strict *bool) {
	cmd.Flags().BoolVar(strict, "strict", false, "make what the system cannot do an error (exit status 3)")
}

func revealFlag(cmd *cobra.Command, reveal *bool) {
	cmd.Flags().BoolVar(reveal, "show-secrets", false, "show tokens and keys instead of hiding them")
}

func secretsFlag(cmd *cobra.Command, c *choice) {
	cmd.Flags().StringVar(&c.secrets, "secrets", "", "secrets.yaml `file` of talosctl, for Talos (default: secrets made for this rendering)")
	cmd.MarkFlagFilename("secrets", "yaml", "yml")
}
