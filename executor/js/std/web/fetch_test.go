package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/js/jstest"
	"github.com/kici-dev/kici-go/executor/js/std/web"
)

func server(t *testing.T) (*httptest.Server, *http.Client) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Seen", r.Header.Get("X-Sent"))
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"method":%q,"type":%q,"body":%q}`, r.Method, r.Header.Get("Content-Type"), body)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 300_000)) })
	mux.Handle("/away", http.RedirectHandler("/echo", http.StatusFound))
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_, _ = w.Write([]byte("first"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s, s.Client()
}

func TestFetch(t *testing.T) {
	t.Parallel()
	s, client := server(t)
	for name, c := range map[string]struct{ script, want string }{
		"post":     {`const r = await fetch(base + '/echo', {method: 'post', body: JSON.stringify({a: 1}), headers: {'X-Sent': 'yes'}}); return [r.status, r.ok, r.statusText, r.headers.get('x-seen'), r.headers.getSetCookie(), await r.json()]`, `[201,true,"Created","yes",["a=1","b=2"],{"method":"POST","type":"text/plain;charset=UTF-8","body":"{\"a\":1}"}]`},
		"form":     {`return (await (await fetch(base + '/echo', {method: 'PUT', body: new URLSearchParams({q: 'ä'})})).json()).body`, `"q=%C3%A4"`},
		"big":      {`const r = await fetch(base + '/big'); let n = 0; const rd = r.body.getReader(); for (;;) { const c = await rd.read(); if (c.done) return n; n += c.value.length }`, `300000`},
		"clone":    {`const r = await fetch(base + '/big'); const c = r.clone(); return [(await r.text()).length, (await c.text()).length]`, `[300000,300000]`},
		"redirect": {`const r = await fetch(base + '/away'); return [r.redirected, r.url === base + '/echo', r.status]`, `[true,true,201]`},
		"manual":   {`const r = await fetch(base + '/away', {redirect: 'manual'}); return [r.status, r.headers.get('location')]`, `[302,"/echo"]`},
		"error":    {`try { await fetch(base + '/away', {redirect: 'error'}) } catch (e) { return [e.name, e.message] }`, `["TypeError","fetch failed"]`},
		"refused":  {`try { await fetch('http://127.0.0.1:1/') } catch (e) { return [e.message, /refused/.test(e.cause.message)] }`, `["fetch failed",true]`},
		"abort":    {`const a = new AbortController(); const r = await fetch(base + '/hang', {signal: a.signal}); const rd = r.body.getReader(); await rd.read(); setTimeout(() => a.abort(), 1); try { await rd.read() } catch (e) { return e.name }`, `"AbortError"`},
		"timeout":  {`try { await (await fetch(base + '/hang', {signal: AbortSignal.timeout(20)})).text() } catch (e) { return e.name }`, `"TimeoutError"`},
		"early":    {`try { await fetch(base, {signal: AbortSignal.abort()}) } catch (e) { return e.name }`, `"AbortError"`},
		"scheme":   {`try { await fetch('ftp://x/') } catch (e) { return e.name }`, `"TypeError"`},
		"invalid":  {`try { await fetch('/relative') } catch (e) { return e.message }`, `"Invalid URL"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := jstest.Eval(t, web.Modules(client), "const base = '"+s.URL+"';"+c.script)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	t.Run("left open", func(t *testing.T) {
		t.Parallel()
		jstest.Run(t, web.Modules(client), "await fetch('"+s.URL+"/hang')")
	})
}

// The embedded JavaScript is what the TypeScript beside it says.
func TestGeneratedIsFresh(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := filepath.Glob("*.ts")
	if err != nil || len(entries) == 0 {
		t.Fatal("no sources", err)
	}
	for _, entry := range entries {
		want, err := bundle.Library(dir, filepath.Join(dir, entry))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(strings.TrimSuffix(entry, ".ts") + "_gen.js")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(got, want) {
			t.Errorf("%s is stale: run go generate", entry)
		}
	}
	if _, err := bundle.Library(dir, filepath.Join(dir, "absent.ts")); err == nil {
		t.Error("an absent source passed")
	}
}
