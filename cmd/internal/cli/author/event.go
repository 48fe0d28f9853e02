package author

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// parseEvent reads an event argument; an unknown one is a usage error that
// names what was probably meant.
func parseEvent(text string) (event.Arg, error) {
	arg, err := event.ParseArg(text)
	var unknown *event.UnknownError
	if errors.As(err, &unknown) {
		usage := &cli.UsageError{
			Message: fmt.Sprintf("unknown event %q", unknown.Arg),
			Hint:    "events: " + strings.Join(unknown.Known, ", "),
		}
		if unknown.Suggestion != "" {
			usage.Hint = fmt.Sprintf("did you mean '%s'?", unknown.Suggestion)
		}
		return arg, usage
	}
	return arg, err
}

// completeEvents completes an event argument; after a colon there may be free
// text, which no list can hold.
func (a *app) completeEvents(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range event.Names() {
		if !strings.Contains(n, "<") {
			names = append(names, n)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeFixtures completes the name of a fixture. Completion has nobody to
// tell about a broken test file, so it then offers what it has.
func (a *app) completeFixtures(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	kici, _ := cmd.Flags().GetString("kici-dir")
	set, err := author.Fixtures(cmd.Context(), author.CompileOptions{Dir: a.Dir, KiciDir: kici, Environ: a.Environ()})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return set.IDs(), cobra.ShellCompDirectiveNoFileComp
}

// githubRemote finds owner and name in the address of a GitHub repository.
var githubRemote = regexp.MustCompile(`github\.com[:/]+([^/]+)/([^/]+?)(?:\.git)?/?$`)

// repository is where simulated events claim to come from: the origin when it
// is on GitHub, a stand-in otherwise.
func (a *app) repository() event.Repo {
	url, _ := a.git("config", "--get", "remote.origin.url")
	if m := githubRemote.FindStringSubmatch(url); m != nil {
		return event.Repo{Owner: m[1], Name: m[2]}
	}
	return event.Repo{}
}
