package bundle

import (
	"regexp"
	"strings"
)

// builtins are the modules of Node 20 that a bare name means, subpaths
// included. "test", "sqlite" and "sea" exist behind "node:" only.
const builtins = "assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram " +
	"diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector " +
	"inspector/promises module net os path path/posix path/win32 perf_hooks process punycode querystring " +
	"readline readline/promises repl stream stream/consumers stream/promises stream/web string_decoder sys " +
	"timers timers/promises tls trace_events tty url util util/types v8 vm wasi worker_threads zlib"

// builtinFilter matches the specifiers that mean a module of Node: the names
// above with or without "node:", and anything else behind "node:", so that a
// module of a later Node is reported by name instead of as a strange URL.
func builtinFilter() string {
	names := strings.Fields(builtins)
	for i, n := range names {
		names[i] = regexp.QuoteMeta(n)
	}
	return `^(node:.+|` + strings.Join(names, "|") + `)$`
}
