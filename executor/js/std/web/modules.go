package web

import (
	"embed"
	"net/http"

	"github.com/kici-dev/kici-go/executor/js"
)

//go:embed *_gen.js
var sources embed.FS

// Modules returns the modules of this package by name. client is what fetch
// uses; nil means one of its own.
func Modules(client *http.Client) map[string]js.Module {
	timers := native("timers", timerNatives)
	return map[string]js.Module{
		"kici:prelude":    native("prelude", preludeNatives),
		"kici:host":       js.ModuleFunc(hostModule),
		"kici:inspect":    native("inspect", inspectNatives),
		"kici:locale":     native("locale", nil),
		"kici:event":      native("event", eventNatives),
		"kici:encoding":   native("encoding", encodingNatives),
		"kici:url":        native("url", urlNatives),
		"kici:clone":      native("clone", nil),
		"kici:fetch":      native("fetch", fetchNatives(client)),
		"url":             member("kici:url", ""),
		"timers":          timers,
		"timers/promises": member("timers", "promises"),
		"console":         native("console", consoleNatives),
		"process":         native("process", processNatives),
		"events":          native("events", nil),
		"perf_hooks":      native("perf", perfNatives),
	}
}

type natives = func(h js.Host) (map[string]any, error)

// native makes a module of an embedded program; it is compiled at first use.
func native(name string, n natives) js.Module {
	code, err := sources.ReadFile(name + "_gen.js")
	if err != nil {
		return js.ModuleFunc(func(js.Host) (js.Exports, error) { return nil, err })
	}
	return js.Native(js.Lazy("kici:"+name, code), n)
}

// member is a module that is another one, or one property of it.
func member(name, property string) js.Module {
	return js.ModuleFunc(func(h js.Host) (js.Exports, error) {
		v, err := h.Require(name)
		if err != nil || property == "" {
			return v, err
		}
		return v.ToObject(h.Runtime()).Get(property), nil
	})
}
