package instance

import (
	"encoding/xml"
	"fmt"
	"path"
	"strings"
)

// Restarts: after 1 s, later less often, up to 30 s; five failures within five
// minutes are the end.
const (
	restartFirst  = 1
	restartSteps  = 3
	restartLast   = 30
	restartBurst  = 5
	restartWindow = 300
	stopTimeout   = 60
	stepsSince    = 254 // the release of systemd that waits longer each time
)

// marker is how an instance is found again from its unit.
const marker = "X-KiCI-InstanceDir"

// unit is the text that the init system reads, for a release of systemd.
func (i *Instance) unit(systemd int) string {
	if i.Platform == Launchd {
		return i.plist()
	}
	p := i.program()
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Written by 'kici-admin %s install'; installing again overwrites it.", i.Program)
	say("[Unit]\nDescription=%s (%s)\nAfter=network-online.target\nWants=network-online.target", p.Summary, i.Name)
	say("StartLimitIntervalSec=%d\nStartLimitBurst=%d\n%s=%s", restartWindow, restartBurst, marker, i.Dir)
	say("\n[Service]\nType=exec\nExecStart=%s\nEnvironmentFile=%s", quoted(i.command()), i.EnvFile)
	switch {
	case !i.System:
	case i.RunAs != "":
		say("User=%s\nStateDirectory=kici/%s", i.RunAs, i.Name)
	default:
		say("DynamicUser=yes\nStateDirectory=kici/%s\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\nNoNewPrivileges=yes", i.Name)
	}
	say("Restart=on-failure\nRestartSec=%d", restartFirst)
	if systemd >= stepsSince {
		say("RestartSteps=%d\nRestartMaxDelaySec=%d", restartSteps, restartLast)
	}
	say("KillMode=mixed\nTimeoutStopSec=%d\nLimitNOFILE=65536", stopTimeout)
	target := "multi-user.target"
	if !i.System {
		target = "default.target"
	}
	say("\n[Install]\nWantedBy=%s", target)
	return b.String()
}

// quoted is a word of a unit: spaces, and what systemd would replace.
func quoted(s string) string {
	s = strings.NewReplacer("\\", "\\\\", `"`, `\"`, "%", "%%", "$", "$$").Replace(s)
	if strings.ContainsAny(s, " \t") {
		return `"` + s + `"`
	}
	return s
}

// plist is the same for launchd, which reads no file of variables: a shell does.
func (i *Instance) plist() string {
	var b strings.Builder
	text := func(s string) string {
		var out strings.Builder
		_ = xml.EscapeText(&out, []byte(s)) // a builder never fails
		return "<string>" + out.String() + "</string>"
	}
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say(`<?xml version="1.0" encoding="UTF-8"?>`)
	say(`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">`)
	say("<plist version=\"1.0\">\n<dict>")
	say("  <key>Label</key>%s", text(label(i.Name)))
	say("  <key>%s</key>%s", strings.ReplaceAll(marker, "-", ""), text(i.Dir))
	say("  <key>ProgramArguments</key>\n  <array>")
	for _, word := range []string{"/bin/sh", "-c", `set -a; . "$0"; set +a; exec "$1"`, i.EnvFile, i.command()} {
		say("    %s", text(word))
	}
	say("  </array>")
	if i.RunAs != "" {
		say("  <key>UserName</key>%s", text(i.RunAs))
	}
	say("  <key>RunAtLoad</key><true/>\n  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>")
	say("  <key>ThrottleInterval</key><integer>%d</integer>\n  <key>ExitTimeOut</key><integer>%d</integer>", restartBurst, stopTimeout)
	for _, key := range []string{"StandardOutPath", "StandardErrorPath"} {
		say("  <key>%s</key>%s", key, text(i.logFile()))
	}
	say("  <key>WorkingDirectory</key>%s\n</dict>\n</plist>", text(path.Clean(i.DataDir)))
	return b.String()
}
