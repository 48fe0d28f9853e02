//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest/chaos"
)

// options are the flags.
type options struct {
	length               time.Duration
	seed                 uint64
	deliveries, matching int
	faults, clients      int
	pace, settle         time.Duration
	only, dir            string
	swallow              int64
	lie                  string
	twoAgents, forget    bool
	inside               bool
}

func main() {
	var o options
	flag.DurationVar(&o.length, "for", 10*time.Minute, "begin houses for so long; at least one of each kind")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "of the first house; each has the next one")
	flag.IntVar(&o.deliveries, "deliveries", 2000, "that are sent to a house")
	flag.IntVar(&o.matching, "matching", 15, "of a hundred deliveries start something")
	flag.IntVar(&o.faults, "faults", 40, "that befall a house")
	flag.IntVar(&o.clients, "clients", 8, "that send at once")
	flag.DurationVar(&o.pace, "pace", 20*time.Millisecond, "between deliveries")
	flag.DurationVar(&o.settle, "settle", 5*time.Minute, "that a house may take to come to rest")
	flag.StringVar(&o.only, "only", "", "houses whose name contains this")
	flag.StringVar(&o.dir, "dir", "", "where houses stand; a temporary folder")
	flag.StringVar(&o.lie, "bug-lie", "", "plant a bug: transactions with this in a statement are not committed (INSERT INTO event_payloads)")
	flag.Int64Var(&o.swallow, "bug-swallow", 0, "plant a bug: log lines are acknowledged and lost, after so many chunks")
	flag.BoolVar(&o.twoAgents, "bug-two-agents", false, "plant a bug: every job goes to a second agent as well")
	flag.BoolVar(&o.forget, "bug-forget", false, "plant a bug: a repeated delivery comes in under another name")
	flag.BoolVar(&o.inside, "inside", false, "this process is in namespaces of its own (it says so to itself)")
	judge := flag.String("judge", "", "start nothing, and judge again what a house has left in this folder")
	flag.Parse()
	if *judge != "" {
		os.Exit(again(*judge))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	broken, err := o.enter(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	if broken > 0 {
		os.Exit(exitBroken)
	}
	if o.inside || !chaos.CanBePrivate() {
		fmt.Println("chaos: every promise was kept")
	}
}

// again judges a house that is no more.
func again(dir string) int {
	rep, err := chaos.Judge(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 2
	}
	fmt.Println("chaos:", rep.Summary())
	for _, v := range rep.Violations {
		fmt.Println(" ", v)
	}
	if len(rep.Violations) > 0 {
		return exitBroken
	}
	return 0
}

// enter builds the programs, and goes on in namespaces of our own where that is
// possible: as a child, which is this program again.
func (o *options) enter(ctx context.Context) (broken int, err error) {
	if o.inside {
		if err := chaos.EnterPrivate(ctx); err != nil {
			return 0, err
		}
		return o.run(ctx)
	}
	given := o.dir != ""
	if !given {
		if o.dir, err = os.MkdirTemp("", "kici-chaos-"); err != nil {
			return 0, err
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", o.programs()+string(filepath.Separator), "./cmd/kici-orchestrator", "./cmd/kici-agent", "./cmd/kici-relay")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build: %w: %s", err, out)
	}
	if chaos.CanBePrivate() {
		broken, err = o.private(ctx)
	} else {
		fmt.Println("chaos: not root, or without ip and iptables: no disk is filled and no packet dropped")
		broken, err = o.run(ctx)
	}
	if broken == 0 && err == nil && !given {
		err = os.RemoveAll(o.dir)
	}
	return broken, err
}

func (o *options) programs() string { return filepath.Join(o.dir, "bin") }

// private starts this program in its own namespaces and waits for it.
func (o *options) private(ctx context.Context) (broken int, err error) {
	// The signal of a parent's death is sent when the thread ends that started the
	// child; this one is main's.
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := append([]string{"-seed", strconv.FormatUint(o.seed, 10)}, os.Args[1:]...)
	cmd := exec.CommandContext(ctx, self, append(args, "-inside", "-dir", o.dir)...) // what comes last counts
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	chaos.Private(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitBroken {
		return 1, nil
	}
	return 0, err
}

// exitBroken is the code of a run in which a promise was broken.
const exitBroken = 1

// run has houses until the time is over, and counts what was broken in them.
func (o *options) run(ctx context.Context) (broken int, err error) {
	dir, programs := o.dir, o.programs()
	topologies := []chaos.Topology{chaos.Relayed(2, 2, 3, 2), chaos.Shared(2, 3, 2), chaos.Embedded(2, 2)}
	until := time.Now().Add(o.length)
	for i := 0; i < len(topologies) || time.Now().Before(until); i++ {
		t := topologies[i%len(topologies)]
		if !strings.Contains(t.Name, o.only) {
			continue
		}
		place := filepath.Join(dir, fmt.Sprintf("house-%03d", i))
		n, err := o.house(ctx, programs, place, t, o.seed+uint64(i))
		if err != nil {
			return broken, fmt.Errorf("%s: %w", place, err)
		}
		if broken += n; n == 0 {
			if err := chaos.Remove(place); err != nil {
				return broken, err
			}
		}
	}
	return broken, nil
}

// house is one of them.
func (o *options) house(ctx context.Context, programs, place string, t chaos.Topology, seed uint64) (int, error) {
	rep, err := chaos.Run(ctx, chaos.Config{
		Topology: t, Seed: seed, Programs: programs, Path: os.Getenv("PATH"), Dir: place, Deliveries: o.deliveries, Clients: o.clients,
		Matching: o.matching, Pace: o.pace, Settle: o.settle, Out: os.Stdout,
		Plan: chaos.DrawPlan(rand.New(rand.NewPCG(seed, 2)), &t, o.faults, o.deliveries, o.inside), Private: o.inside,
		Bugs: chaos.Bugs{Lie: o.lie, Swallow: o.swallow, TwoAgents: o.twoAgents, Forget: o.forget},
	})
	if err != nil {
		return 0, err
	}
	fmt.Printf("chaos: %s in %s: %s\n", t.Name, rep.Took.Round(time.Second), rep.Summary())
	for _, v := range rep.Violations {
		fmt.Println(" ", v)
	}
	return len(rep.Violations), nil
}
