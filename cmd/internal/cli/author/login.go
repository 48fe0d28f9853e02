package author

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

var (
	errNotLoggedIn = errors.New("you are not logged in")
	errNoEndpoint  = errors.New("there is no orchestrator to ask")
)

type loginFlags struct{ Token, Endpoint, Platform, RoutingKey string }

// fromInput stands for "--token" without a value.
const fromInput = "-"

func (a *app) loginCommand() *cobra.Command {
	var o loginFlags
	var device bool
	cmd := &cobra.Command{
		Use: "login", Short: "Log in to an orchestrator with an API key",
		Long: `Keeps an API key, and where its orchestrator is, for 'kici status', 'kici cancel' and
'kici workflows'. The orchestrator's operator makes the key: 'kici-admin api-key create'.
It is checked at once, and stored in ~/.kici/config (KICI_CONFIG_DIR), readable by you
only. --token without a value reads standard input, which keeps the key out of the
history of the shell.`,
		Example: `  kici login --token --endpoint https://ci.example.org <<< "$KICI_API_KEY"
  kici login --token kici_sk_abc123… --endpoint https://ci.example.org
  kici login --token kici_sk_abc123… --platform-endpoint https://relay.example.org --routing-key github:42`,
		Args: func(cmd *cobra.Command, args []string) error {
			// A flag whose value may be missing does not take the next word; here it does.
			if o.Token == fromInput && len(args) == 1 {
				o.Token = args[0]
				return nil
			}
			return noArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("token") {
				return a.noBrowser(device)
			}
			return a.login(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Token, "token", "", "API key, kici_sk_…; without a value it is read from standard input")
	f.Lookup("token").NoOptDefVal = fromInput
	f.BoolVar(&device, "device", false, "log in on another device (needs a platform with an identity provider)")
	f.StringVar(&o.Endpoint, "endpoint", "", "address of the orchestrator")
	f.StringVar(&o.Platform, "platform-endpoint", "", "address of a relay")
	f.StringVar(&o.RoutingKey, "routing-key", "", "routing key of the source that your repository belongs to")
	return cmd
}

// noBrowser explains why a login without a key leads nowhere.
func (a *app) noBrowser(device bool) error {
	how := "in a browser"
	if device {
		how = "on another device"
	}
	return &cli.UsageError{
		Message: "logging in " + how + " needs a platform with an identity provider, and there is no hosted one",
		Hint:    "log in to your own orchestrator: kici login --token KEY --endpoint URL",
	}
}

// maxKey bounds what is read as a key.
const maxKey = 4096

func (a *app) login(ctx context.Context, o loginFlags) error {
	if o.Token == fromInput {
		text, err := io.ReadAll(io.LimitReader(a.Stdin, maxKey))
		if err != nil {
			return err
		}
		o.Token = string(text)
	}
	if o.Token = strings.TrimSpace(o.Token); o.Token == "" || strings.ContainsAny(o.Token, " \t\r\n") {
		return &cli.UsageError{Message: "that is not an API key", Hint: "keys begin with kici_sk_; 'kici-admin api-key create' makes one"}
	}
	for flag, at := range map[string]*string{"endpoint": &o.Endpoint, "platform-endpoint": &o.Platform} {
		if err := checkEndpoint(flag, at); err != nil {
			return err
		}
	}
	c, err := a.credentials()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{keyEndpoint: o.Endpoint, keyPlatform: o.Platform, keyRouting: o.RoutingKey} {
		if value != "" {
			c.set(name, value)
		}
	}
	c.set(keyMode, "direct")
	if o.Platform != "" && o.Endpoint == "" {
		c.set(keyMode, "platform")
	}
	kind := keyAPIKey
	if strings.HasPrefix(o.Token, "kici_pat_") {
		kind = keyPAT
	}
	c.set(keyAPIKey, "")
	c.set(keyPAT, "")
	c.set(keyExpiry, "")
	c.set(kind, o.Token)
	return a.finishLogin(ctx, c)
}

// finishLogin asks the orchestrator who the key is, and stores it. A key that it
// refuses is not stored; one that it could not be asked about is.
func (a *app) finishLogin(ctx context.Context, c *credentials) error {
	said := ""
	if server, err := c.server(); err == nil {
		ctx, stop := context.WithTimeout(ctx, askTimeout)
		defer stop()
		who, err := server.Who(ctx)
		var answer *adminclient.Error
		switch {
		case errors.As(err, &answer):
			return &cli.HintedError{Err: fmt.Errorf("%s: %w", c.values[keyEndpoint], err), Hint: answer.Hint}
		case err != nil:
			said = fmt.Sprintf("%s %s cannot be reached now, so the key was not checked (%v)", a.style.Yellow("warning:"), c.values[keyEndpoint], err)
		default:
			c.set(keyOrg, who.Org)
			if who.ExpiresAt != nil {
				c.set(keyExpiry, who.ExpiresAt.UTC().Format(time.RFC3339))
			}
		}
	}
	if err := a.save(c); err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "%s Logged in.\n", a.style.Green("✓"))
	if said != "" {
		fmt.Fprintln(a.Stderr, said)
	}
	if c.values[keyEndpoint] == "" {
		fmt.Fprintln(a.Stderr, a.style.Yellow("warning:")+" no orchestrator is named yet; 'kici login --token KEY --endpoint URL' does")
		return nil
	}
	a.showAuth(c)
	return nil
}

// askTimeout bounds questions whose answer is short.
const askTimeout = 15 * time.Second

func checkEndpoint(flag string, at *string) error {
	if *at == "" {
		return nil
	}
	u, err := url.Parse(*at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &cli.UsageError{Message: fmt.Sprintf("--%s %q is not an address", flag, *at), Hint: "it begins with http:// or https://"}
	}
	*at = strings.TrimSuffix(*at, "/")
	return nil
}

func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the API key of this machine",
		Long: `Removes the key from ~/.kici/config. Where the orchestrator is stays known. The key
itself goes on to be valid: its operator ends it with 'kici-admin api-key revoke'.`,
		Example: "  kici logout", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.credentials()
			if err != nil {
				return err
			}
			if _, ok := c.secret(); !ok {
				fmt.Fprintln(a.Stdout, "You were not logged in.")
				return nil
			}
			for _, name := range []string{keyAPIKey, keyPAT, keyExpiry, keyOrg} {
				c.set(name, "")
			}
			if err := a.save(c); err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "%s Logged out.\n", a.style.Green("✓"))
			return nil
		},
	}
}

// soon is when an end is warned about.
const soon = 7 * 24 * time.Hour

// identity is the auth section for programs.
type identity struct {
	LoggedIn     bool       `json:"loggedIn"`
	Key          string     `json:"key,omitempty"` // how it begins
	Endpoint     string     `json:"endpoint,omitempty"`
	Organization string     `json:"organization,omitempty"`
	ExpiresAt    *time.Time `json:"expiresAt,omitempty"`
	ExpiresSoon  bool       `json:"expiresSoon,omitempty"`
}

const shownKey = len("kici_sk_") + 8

func (c *credentials) identity(now time.Time) identity {
	secret, ok := c.secret()
	out := identity{LoggedIn: ok, Endpoint: c.values[keyEndpoint], Organization: c.values[keyOrg]}
	if !ok {
		return out
	}
	out.Key = secret[:min(len(secret), shownKey)] + "…"
	if end := c.expiry(); !end.IsZero() {
		out.ExpiresAt, out.ExpiresSoon = &end, end.Sub(now) < soon
		out.LoggedIn = end.After(now)
	}
	return out
}

// showAuth is the auth section for people.
func (a *app) showAuth(c *credentials) {
	now := time.Now()
	id := c.identity(now)
	fmt.Fprintln(a.Stdout, a.style.Bold("Auth"))
	switch {
	case id.Key == "":
		fmt.Fprintln(a.Stdout, "  Not logged in")
		return
	case !id.LoggedIn:
		fmt.Fprintf(a.Stdout, "  %s\n", a.style.Red("Logged out: the key has expired"))
	default:
		fmt.Fprintf(a.Stdout, "  Logged in with %s at %s\n", id.Key, id.Endpoint)
	}
	if id.Organization != "" {
		fmt.Fprintf(a.Stdout, "  Organization: %s\n", id.Organization)
	}
	if id.ExpiresAt == nil {
		return
	}
	left := id.ExpiresAt.Sub(now)
	fmt.Fprintf(a.Stdout, "  Expires: %s (%s)\n", id.ExpiresAt.Local().Format(time.DateOnly), remaining(left))
	if id.LoggedIn && id.ExpiresSoon {
		fmt.Fprintf(a.Stdout, "  %s the key expires within 7 days; ask for a new one\n", a.style.Yellow("warning:"))
	}
}

// remaining is a time to come in words.
func remaining(d time.Duration) string {
	switch {
	case d <= 0:
		return "expired"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours left", int(d.Hours()))
	}
	return fmt.Sprintf("%d days left", int(d.Hours()/24))
}
