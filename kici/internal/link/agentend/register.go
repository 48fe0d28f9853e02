package agentend

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/transport/message"
)

// reserved begins the labels that are the house's own.
const reserved = "kici:"

// describe puts together what an agent says of itself.
func describe(c Config, a *agent.Agent) (message.AgentRegister, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	m := message.AgentRegister{
		AgentID: c.AgentID, MaxConcurrency: a.Slots(), Platform: runtime.GOOS, Arch: arch(runtime.GOARCH), Version: c.Version,
		Hostname: host, CPUCount: runtime.NumCPU(), Capabilities: message.Capabilities(), ProtocolVersion: message.ProtocolVersion,
		TotalMemoryMB: totalMemoryMB(), OSRelease: osRelease(),
	}
	if uid := os.Getuid(); uid >= 0 {
		m.RunningAsUID = &uid
	}
	seen := map[string]bool{}
	add := func(label string) {
		if !seen[label] {
			seen[label] = true
			m.Labels = append(m.Labels, label)
		}
	}
	for _, label := range c.Labels {
		label = strings.TrimSpace(label)
		switch {
		case label == "":
			continue
		case strings.HasPrefix(strings.ToLower(label), reserved):
			return m, fmt.Errorf("agentend: the label %q begins with %q, which is kept for labels the house sets itself", label, reserved)
		}
		add(label)
	}
	add(reserved + "os:" + m.Platform)
	add(reserved + "arch:" + m.Arch)
	add(reserved + "host:" + strings.ToLower(host))
	if c.Roles != nil && len(c.Roles) == 0 {
		c.Roles = []string{"none"}
	}
	for _, role := range c.Roles {
		if role == "all" {
			continue
		}
		add(reserved + "role:" + role)
	}
	return m, nil
}

// arch is the published name of an architecture.
func arch(goarch string) string {
	switch goarch {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return goarch
}
