package bundle

import (
	"fmt"
	"testing"
)

func TestRuntimeChoice(t *testing.T) {
	t.Parallel()
	packages := map[string]string{
		"node_modules/heavy/index.js":       "exports.h = require('http2').connect",
		"node_modules/twofold/package.json": `{"main":"node.js","browser":"browser.js"}`,
		"node_modules/twofold/node.js":      "exports.x = require('net')",
		"node_modules/twofold/browser.js":   "exports.x = 1",
		"node_modules/addon/index.js":       "module.exports = require('./x.node')",
		"node_modules/addon/x.node":         "\x7fELF",
		"node_modules/loader/index.js":      "exports.l = (n) => import(n)",
		"node_modules/unused/package.json":  `{"sideEffects":false,"module":"i.mjs","main":"i.mjs"}`,
		"node_modules/unused/i.mjs":         "import net from 'net'; export const a = () => net; export const b = 1",
	}
	for name, c := range map[string]struct{ text, builtins, reasons string }{
		"nothing":     {"export const a = 1", "[]", "[]"},
		"served":      {"import { readFileSync } from 'node:fs'; export const a = readFileSync", "[{fs [a.ts]}]", "[]"},
		"types only":  {"import type { X } from 'net'; import { Y } from 'tls'; export const a = (x: X, y: Y) => 1", "[]", "[]"},
		"package":     {"import { h } from 'heavy'; export const a = h", "[{http2 [node_modules/heavy/index.js]}]", `[{imports "http2", which the embedded runtime does not have node_modules/heavy/index.js 0}]`},
		"browser":     {"import { x } from 'twofold'; export const a = x", "[]", "[]"},
		"addon":       {"import x from 'addon'; export const a = x", "[]", "[{loads a native addon node_modules/addon/x.node 0}]"},
		"import()":    {"import { l } from 'loader'; export const a = l", "[]", "[{has an import() of a name that is known only at run time node_modules/loader/index.js 1}]"},
		"tree-shaken": {"import { b } from 'unused'; export const a = b", "[]", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"a.ts": c.text}
			for k, v := range packages {
				files[k] = v
			}
			r := build(t, Options{Root: tree(t, files), Entries: []string{"a.ts"}, Provided: map[string]bool{"fs": true}})
			if len(r.Programs) != 1 || r.HasErrors() {
				t.Fatalf("%+v", r.Diagnostics)
			}
			p := r.Programs[0]
			if got := fmt.Sprint(p.Builtins); got != c.builtins {
				t.Errorf("builtins %s, want %s", got, c.builtins)
			}
			if got := fmt.Sprint(p.NeedsNode); got != c.reasons {
				t.Errorf("reasons %s, want %s", got, c.reasons)
			}
		})
	}
}

func TestWhichZod(t *testing.T) {
	t.Parallel()
	zod := func(version string) map[string]string {
		return map[string]string{
			"a.ts":                          "import { z } from 'zod'; export const result = z",
			"node_modules/zod/package.json": `{"version":"` + version + `","main":"index.js"}`,
			"node_modules/zod/index.js":     "exports.z = 'own'",
		}
	}
	for name, c := range map[string]struct {
		files    map[string]string
		own      bool
		embedded bool
	}{
		"absent":  {map[string]string{"a.ts": "import { z } from 'zod'; export const result = z"}, false, true},
		"same":    {zod("4.1.0"), false, true},
		"forced":  {zod("4.1.0"), true, false},
		"other":   {zod("3.25.1"), false, false},
		"future":  {zod("5.0.0"), false, false},
		"broken":  {zod("x"), false, true},
		"the SDK": {map[string]string{"a.ts": "import { z } from '@kici-dev/sdk'; export const result = z"}, false, true},
		"none":    {map[string]string{"a.ts": "import { job } from '@kici-dev/sdk'; export const result = job"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := build(t, Options{Root: tree(t, c.files), Entries: []string{"a.ts"}, ZodFromProject: c.own})
			if len(r.Programs) != 1 || r.Programs[0].UsesZod != c.embedded {
				t.Errorf("%+v", r)
			}
		})
	}
}
