package author

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/docsbuild ../../../..

// The documentation of this very version, as one text and as a list of pages.
var (
	//go:embed llms_full_gen.txt
	fullDocs string
	//go:embed llms_gen.txt
	docsIndex string
)

// docsURL is where the pages are.
const docsURL = "https://github.com/kici-dev/kici-go/tree/main/docs"

func (a *app) docsCommand() *cobra.Command {
	var noOpen bool
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Open the documentation, or print it for a coding agent",
		Long: `Prints the address of the documentation, and opens it when there is a terminal to
sit at. 'kici docs llm' prints the pages themselves, which are in this binary.`,
		Example: `  kici docs
  kici docs --no-open
  kici docs llm --out kici.md`,
		Args: cli.UnknownCommand,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(a.Stdout, docsURL)
			if noOpen || !a.Interactive() {
				return nil
			}
			return a.browse(docsURL)
		},
	}
	cmd.Flags().BoolVar(&noOpen, "no-open", false, "print the address only")
	cmd.AddCommand(a.docsLLMCommand())
	return cmd
}

func (a *app) docsLLMCommand() *cobra.Command {
	var index bool
	var out string
	cmd := &cobra.Command{
		Use:   "llm",
		Short: "Print all documentation as one text",
		Long: `Prints the documentation of this version as one Markdown text, to hand to a coding
agent. It comes out of the binary, so it needs no network and fits what you run.`,
		Example: `  kici docs llm
  kici docs llm --index                     the list of pages with their addresses
  kici docs llm --out kici.md`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			text := fullDocs
			if index {
				text = docsIndex
			}
			if out == "" {
				_, err := io.WriteString(a.Stdout, terminated(text))
				return err
			}
			if err := a.Disk.Write(out, terminated(text), 0o644); err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "%s Wrote %s\n", a.style.Green("✓"), out)
			return nil
		},
	}
	cmd.Flags().BoolVar(&index, "index", false, "print the list of pages instead")
	cmd.Flags().StringVar(&out, "out", "", "write to this file instead of the terminal")
	_ = cmd.MarkFlagFilename("out", "md", "txt")
	return cmd
}

// browse opens a page in the user's browser. The address has been printed, so a
// machine without one is no failure.
func (a *app) browse(url string) error {
	words := strings.Fields(a.Env["KICI_BROWSER_CMD"])
	switch {
	case len(words) == 1 && words[0] == "none":
		return nil
	case len(words) > 0:
		found := false
		for i, w := range words {
			found = found || strings.Contains(w, "{url}")
			words[i] = strings.ReplaceAll(w, "{url}", url)
		}
		if !found {
			words = append(words, url)
		}
	case runtime.GOOS == "darwin":
		words = []string{"open", url}
	case runtime.GOOS == "windows":
		words = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	default:
		words = []string{"xdg-open", url}
	}
	if err := a.Exec(a.Dir, a.Environ(), io.Discard, io.Discard, words[0], words[1:]...); err != nil {
		fmt.Fprintf(a.Stderr, "%s no browser could be opened (%v)\n", a.style.Yellow("warning:"), err)
	}
	return nil
}
