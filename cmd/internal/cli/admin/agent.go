package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) agentCommand() *cobra.Command {
	cmd := group("agent", "The machines that run jobs, and the tokens that let them in", "An agent needs a token, which is made here and shown once.",
		`  kici-admin agent register --labels linux,default
  kici-admin agent list
  kici-admin agent drain build-1 --wait
  kici-admin agent revoke TOKEN-ID`,
		a.agentRegisterCommand(), a.agentListCommand(), a.agentTokensCommand(), a.agentRevokeCommand(), a.agentDrainCommand())
	cmd.AddCommand(a.serviceCommands("agent")...)
	return cmd
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
	var pending bool
	cmd := &cobra.Command{
		Use: "list", Short: "List agents", Example: `  kici-admin agent list --json
  kici-admin agent list --type static --include-pending`, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if kind != "" && kind != "static" && kind != "ephemeral" {
				return &cli.UsageError{Message: fmt.Sprintf("--type %q is neither static nor ephemeral", kind)}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.Agents(cmd.Context())
			if err != nil {
				return err
			}
			shown := []listedAgent{}
			for _, g := range all {
				if kind == "" || g.Type == kind {
					shown = append(shown, listedAgent{Agent: g})
				}
			}
			if pending && kind != "ephemeral" {
				tokens, err := c.AgentTokens(cmd.Context())
				if err != nil {
					return err
				}
				shown = append(shown, pendingAgents(tokens, time.Now())...)
			}
			return a.show(shown, func() {
				var rows [][]string
				for i := range shown {
					rows = append(rows, shown[i].row())
				}
				a.table("AGENT\tSTATE\tJOBS\tPLATFORM\tVERSION\tLABELS", rows)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "type", "", "static or ephemeral")
	cmd.Flags().BoolVar(&pending, "include-pending", false, "and tokens that no agent has come with yet")
	return cmd
}

// listedAgent is an agent, or the token of one that has not come yet.
type listedAgent struct {
	adminclient.Agent
	Pending bool `json:"pending,omitempty"`
}

func pendingAgents(tokens []adminclient.AgentToken, now time.Time) (out []listedAgent) {
	for _, t := range tokens {
		if t.UsedAt == nil && t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt)) {
			out = append(out, listedAgent{Agent: adminclient.Agent{ID: first(t.Name, t.ID), Type: "static", Labels: t.Labels, SeenAt: t.CreatedAt}, Pending: true})
		}
	}
	return out
}

func (g *listedAgent) row() []string {
	if g.Pending {
		return []string{g.ID, "never came", "-", "-", "-", strings.Join(g.Labels, ",")}
	}
	state := "connected"
	switch {
	case !g.Connected:
		state = "away since " + stamp(&g.SeenAt)
	case g.DrainingSince != nil:
		state = "draining since " + stamp(g.DrainingSince)
	}
	return []string{g.ID, state, fmt.Sprintf("%d of %d", g.ActiveJobs, g.Slots), g.Platform + "/" + g.Arch, g.Version, strings.Join(g.Labels, ",")}
}

func (a *app) agentDrainCommand() *cobra.Command {
	var undo, wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "drain <agent>", Short: "Give an agent no more jobs; those it has go on",
		Long: `Keeps further jobs from an agent, before an upgrade of its machine for example. What
it runs goes on. It holds across restarts of the agent and the orchestrator, until
--undo. With --wait the command ends when the agent has no job left.`,
		Example: `  kici-admin agent drain build-1 --wait && ssh build-1 reboot
  kici-admin agent drain build-1 --undo`, Args: cli.ExactlyOne("agent id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.DrainAgent(cmd.Context(), args[0], !undo); err != nil {
				return err
			}
			if wait && !undo {
				if err := a.idle(cmd.Context(), c, args[0], timeout); err != nil {
					return err
				}
			}
			return a.show(map[string]any{"agent": args[0], "draining": !undo}, func() {
				switch {
				case undo:
					fmt.Fprintf(a.Stdout, "Agent %s gets jobs again.\n", args[0])
				case wait:
					fmt.Fprintf(a.Stdout, "Agent %s has no job left and gets no more.\n", args[0])
				default:
					fmt.Fprintf(a.Stdout, "Agent %s gets no more jobs.\n", args[0])
				}
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&undo, "undo", false, "let it have jobs again")
	f.BoolVar(&wait, "wait", false, "until it has no job left")
	f.DurationVar(&timeout, "timeout", time.Hour, "how long to wait")
	return cmd
}

// lookAgain is how often a command looks whether what it waits for has come.
const lookAgain = time.Second

// idle waits until an agent has no job.
func (a *app) idle(ctx context.Context, c *adminclient.Client, id string, timeout time.Duration) error {
	ctx, stop := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("agent %s still has jobs after %s", id, timeout))
	defer stop()
	for {
		all, err := c.Agents(ctx)
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		if !slices.ContainsFunc(all, func(g adminclient.Agent) bool { return g.ID == id && g.ActiveJobs > 0 }) {
			return nil
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
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
