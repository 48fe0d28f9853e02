package node

import (
	"net"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
)

func osNatives(h js.Host) (map[string]any, error) {
	return map[string]any{"info": func(goja.FunctionCall) goja.Value {
		v, err := h.FromGo(machine())
		if err != nil {
			panic(h.NewError(err))
		}
		return v
	}}, nil
}

// machine gathers what os tells. What a system does not tell is zero.
func machine() map[string]any {
	host, _ := os.Hostname()
	home, _ := os.UserHomeDir()
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
		if home == "" {
			home = u.HomeDir
		}
	}
	first := func(file string) string { b, _ := os.ReadFile(file); return strings.TrimSpace(string(b)) }
	fields := func(file string) []float64 {
		var out []float64
		for _, f := range strings.Fields(first(file)) {
			if n, err := strconv.ParseFloat(f, 64); err == nil {
				out = append(out, n)
			}
		}
		return append(out, 0, 0, 0)
	}
	total, free := memory(first("/proc/meminfo"))
	return map[string]any{
		"windows": runtime.GOOS == "windows", "type": systemName(), "release": first("/proc/sys/kernel/osrelease"),
		"version": first("/proc/sys/kernel/version"), "machine": machineName(), "hostname": host, "home": home, "user": name,
		"uid": os.Getuid(), "gid": os.Getgid(), "cpus": runtime.NumCPU(), "model": runtime.GOARCH,
		"totalmem": total, "freemem": free, "uptime": fields("/proc/uptime")[0], "loadavg": fields("/proc/loadavg")[:3],
		"interfaces": interfaces(),
	}
}

func systemName() string {
	switch runtime.GOOS {
	case "windows":
		return "Windows_NT"
	case "darwin":
		return "Darwin"
	default:
		return strings.ToUpper(runtime.GOOS[:1]) + runtime.GOOS[1:]
	}
}

func machineName() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		if runtime.GOOS == "linux" {
			return "aarch64"
		}
	}
	return runtime.GOARCH
}

func memory(info string) (total, free float64) {
	for line := range strings.Lines(info) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "MemTotal:":
			total = n * 1024
		case "MemAvailable:":
			free = n * 1024
		}
	}
	return total, free
}

func interfaces() map[string]any {
	out := map[string]any{}
	all, _ := net.Interfaces()
	for _, i := range all {
		addrs, _ := i.Addrs()
		var list []any
		for _, a := range addrs {
			ip, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			family := "IPv6"
			if ip.IP.To4() != nil {
				family = "IPv4"
			}
			list = append(list, map[string]any{
				"address": ip.IP.String(), "netmask": net.IP(ip.Mask).String(), "family": family, "mac": i.HardwareAddr.String(),
				"internal": i.Flags&net.FlagLoopback != 0, "cidr": ip.String(),
			})
		}
		if list != nil {
			out[i.Name] = list
		}
	}
	return out
}
