package bundle

import (
	"context"
	"strings"
	"testing"
)

func TestForNode(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"a.ts": "import { h } from 'common'; import e from 'esm'; import fs from 'node:fs'; import net from 'net'; import './h';\n" +
			"enum K { A }\nexport default async function* f(n: string) { for await (const x of e()) yield x; await import(n); h(K.A, fs, net, __dirname, /a/v) }",
		"h.ts":                             "export const x = 1; globalThis.x = import.meta.url",
		"node_modules/common/index.js":     "exports.h = () => {}",
		"node_modules/esm/package.json":    `{"type":"module","main":"i.js"}`,
		"node_modules/esm/i.js":            "import addon from './x.node'; export default () => [addon]",
		"node_modules/esm/x.node":          "\x7fELF",
		"broken.ts":                        "import { nothing } from 'not-there'; export default nothing",
		"node_modules/unused/package.json": `{}`,
	})
	got, diags, err := ForNode(context.Background(), Options{Root: dir, RunRoot: "/run", Entries: []string{"a.ts", "broken.ts"}})
	if err != nil {
		t.Fatal(err)
	}
	code := string(got["a.ts"].Code)
	for _, want := range []string{
		`__kici_require("/run/node_modules/common/index.js")`, `__kici_require("/run/node_modules/esm/x.node")`,
		`__kici_require("node:fs")`, `__kici_require("net")`, "for await (", "async function*", "import(n)", `"/run/h.ts"`,
	} {
		if !strings.Contains(code, want) {
			t.Errorf("no %s in\n%s", want, code)
		}
	}
	if strings.Contains(code, "exports.h = () =>") {
		t.Error("a CommonJS package was bundled")
	}
	if !strings.Contains(string(got["a.ts"].Map), `"a.ts"`) || got["a.ts"].Hash == "" {
		t.Errorf("map %s", got["a.ts"].Map)
	}
	if _, ok := got["broken.ts"]; ok || len(diags) != 1 || !strings.Contains(diags[0].Text, "not-there") {
		t.Errorf("%v %+v", ok, diags)
	}
}
