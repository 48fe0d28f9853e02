package step

import (
	"runtime"
	"strings"

	"github.com/kici-dev/kici-go/executor"
)

// allowed is what a step sees of the machine's own environment. Everything
// else (tokens of the one who started the agent, above all) stays outside.
func allowed(goos string) []string {
	names := []string{"PATH", "HOME", "USER", "SHELL", "LANG", "LC_ALL", "TERM", "TMPDIR", "NODE_PATH", "TZ"}
	if goos == "windows" {
		names = append(names, "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP",
			"USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
			"PROGRAMFILES", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE")
	}
	return names
}

// Inherited is the part of a machine's environment that steps see, KEY=VALUE.
func Inherited(environ []string) map[string]string {
	system := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			if runtime.GOOS == "windows" { // names have no case there
				k = strings.ToUpper(k)
			}
			system[k] = v
		}
	}
	out := map[string]string{}
	for _, k := range allowed(runtime.GOOS) {
		if v, ok := system[k]; ok {
			out[k] = v
		}
	}
	return out
}

// Base is the environment before the job's own: system < FORCE_COLOR < KICI_*
// < variables of the organisation and the source.
func Base(job *executor.Job) map[string]string {
	env := Inherited(job.System)
	env["FORCE_COLOR"] = "1"
	for _, layer := range []map[string]string{job.Meta, job.Variables} {
		for k, v := range layer {
			env[k] = v
		}
	}
	return env
}

// prependPath puts a directory in front of a PATH.
func prependPath(path, dir string) string {
	sep := ":"
	if runtime.GOOS == "windows" {
		sep = ";"
	}
	if path == "" {
		return dir
	}
	return dir + sep + path
}
