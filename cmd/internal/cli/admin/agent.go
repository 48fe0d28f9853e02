package admin

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) agentCommand() *cobra.Command {
	return group("agent", "The machines that run jobs, and the tokens that let them in", "An agent needs a token, which is made here and shown once.",
		`  kici-admin agent register --labels linux,default
  kici-admin agent list
  kici-admin agent revoke TOKEN-ID`,
		a.agentRegisterCommand(), a.agentListCommand(), a.agentTokensCommand(), a.agentRevokeCommand())
}

func (a *app) agentRegisterCommand() *cobra.Command {
	var q adminclient.NewAgentToken
	var expires time.Duration
	cmd := &cobra.Command{
		Use: "register", Short: "Make a token for agents",
		Long: `Makes a token and prints it, once: only its hash is kept. Agents with this token may
carry the labels given here and no others; without any they choose freely.`,
		Example: `  kici-admin agent register --labels linux,gpu
  kici-admin agent register --name build-1 --expires 720h
  KICI_AGENT_TOKEN=$(kici-admin agent register --json | jq -r .token) kici-agent`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			q.ExpiresInMS = expires.Milliseconds()
			t, err := c.RegisterAgent(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(t, func() {
				fmt.Fprintf(a.Stdout, "%s\n\nThis is the token; it is not shown again. Give it to the agent as KICI_AGENT_TOKEN.\n", a.style.Bold(t.Token))
				fmt.Fprintf(a.Stdout, "Its id is %s; 'kici-admin agent revoke %s' ends it.\n", t.ID, t.ID)
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&q.Labels, "labels", nil, "labels that its agents may carry, separated by commas")
	f.StringVar(&q.Name, "name", "", "what it is for, for whoever lists it")
	f.DurationVar(&expires, "expires", 0, "its life, such as 720h (default for ever)")
	return cmd
}

func (a *app) agentListCommand() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "list", Short: "List agents", Example: "  kici-admin agent list --json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.Agents(cmd.Context())
			if err != nil {
				return err
			}
			shown := []adminclient.Agent{}
			for _, g := range all {
				if kind == "" || g.Type == kind {
					shown = append(shown, g)
				}
			}
			return a.show(shown, func() {
				var rows [][]string
				for _, g := range shown {
					state := "connected"
					if !g.Connected {
						state = "away since " + stamp(&g.SeenAt)
					}
					rows = append(rows, []string{g.ID, state, g.Platform + "/" + g.Arch, fmt.Sprint(g.Slots), g.Version, strings.Join(g.Labels, ",")})
				}
				a.table("AGENT\tSTATE\tPLATFORM\tSLOTS\tVERSION\tLABELS", rows)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "type", "", "static or ephemeral")
	return cmd
}

func (a *app) agentTokensCommand() *cobra.Command {
	return &cobra.Command{
		Use: "tokens", Short: "List tokens", Example: "  kici-admin agent tokens", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.AgentTokens(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, t := range all {
					state := "valid"
					switch {
					case t.RevokedAt != nil:
						state = "revoked"
					case t.ExpiresAt != nil:
						state = "until " + stamp(t.ExpiresAt)
					}
					rows = append(rows, []string{t.ID, first(t.Name, "-"), state, first(stamp(t.UsedAt), "never used"), first(strings.Join(t.Labels, ","), "any")})
				}
				a.table("TOKEN\tNAME\tSTATE\tUSED\tLABELS", rows)
			})
		},
	}
}

func (a *app) agentRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke <token-id>", Short: "End a token and the connections it opened", Example: "  kici-admin agent revoke 5b0e…", Args: cli.ExactlyOne("token id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.RevokeAgent(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"revoked": args[0]}, func() { fmt.Fprintf(a.Stdout, "Token %s is revoked.\n", args[0]) })
		},
	}
}

// stamp is a time for people; none is empty.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
