//go:build unix

package container

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/client"
)

// written makes files below a new folder; programs are executable.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLogin(t *testing.T) {
	t.Parallel()
	const (
		ann     = `"auth":"YW5uOnB3OjE="` // ann:pw:1
		keychan = "bin/docker-credential-keychain"
	)
	found := "#!/bin/sh\n[ \"$1\" = get ] && read -r server || true\necho \"{\\\"Username\\\":\\\"kim\\\",\\\"Secret\\\":\\\"for $server\\\"}\"\n"
	for name, tc := range map[string]struct {
		image string
		files map[string]string
		env   []string
		want  string // user, password, token, server
		err   string
	}{
		"nothing":           {image: "ghcr.io/x/y"},
		"docker":            {image: "ghcr.io/x/y:1", files: map[string]string{".docker/config.json": `{"auths":{"ghcr.io":{` + ann + `}}}`}, want: "ann pw:1  ghcr.io"},
		"another registry":  {image: "quay.io/x/y", files: map[string]string{".docker/config.json": `{"auths":{"ghcr.io":{` + ann + `}}}`}},
		"hub":               {image: "debian", files: map[string]string{".docker/config.json": `{"auths":{"https://index.docker.io/v1/":{` + ann + `}}}`}, want: "ann pw:1  " + hub},
		"hub by podman":     {image: "library/debian:12", files: map[string]string{".config/containers/auth.json": `{"auths":{"docker.io":{` + ann + `}}}`}, want: "ann pw:1  " + hub},
		"port":              {image: "127.0.0.1:5000/x", files: map[string]string{".docker/config.json": `{"auths":{"http://127.0.0.1:5000/v2/":{` + ann + `}}}`}, want: "ann pw:1  127.0.0.1:5000"},
		"part of registry":  {image: "quay.io/org/y", files: map[string]string{".config/containers/auth.json": `{"auths":{"quay.io":{"auth":"eDp5"},"quay.io/org":{` + ann + `},"quay.io/or":{"auth":"eDp6"}}}`}, want: "ann pw:1  quay.io"},
		"token":             {image: "r.io/x", files: map[string]string{".docker/config.json": `{"auths":{"r.io":{"identitytoken":"tok"}}}`}, want: "  tok r.io"},
		"DOCKER_CONFIG":     {image: "r.io/x", files: map[string]string{"else/config.json": `{"auths":{"r.io":{` + ann + `}}}`}, env: []string{"DOCKER_CONFIG=HOME/else"}, want: "ann pw:1  r.io"},
		"REGISTRY_AUTH":     {image: "r.io/x", files: map[string]string{"a.json": `{"auths":{"r.io":{` + ann + `}}}`}, env: []string{"REGISTRY_AUTH_FILE=HOME/a.json"}, want: "ann pw:1  r.io"},
		"run time":          {image: "r.io/x", files: map[string]string{"run/containers/auth.json": `{"auths":{"r.io":{` + ann + `}}}`}, env: []string{"XDG_RUNTIME_DIR=HOME/run"}, want: "ann pw:1  r.io"},
		"helper":            {image: "r.io/x", files: map[string]string{keychan: found, ".docker/config.json": `{"credHelpers":{"r.io":"keychain"}}`}, want: "kim for r.io  r.io"},
		"store":             {image: "debian", files: map[string]string{keychan: found, ".docker/config.json": `{"auths":{"https://index.docker.io/v1/":{}},"credsStore":"keychain"}`}, want: "kim for " + hub + "  " + hub},
		"store knows none":  {image: "r.io/x", files: map[string]string{keychan: "#!/bin/sh\necho credentials not found in native keychain; exit 1\n", ".docker/config.json": `{"credsStore":"keychain"}`}},
		"token of a helper": {image: "r.io/x", files: map[string]string{keychan: `#!/bin/sh` + "\n" + `echo '{"Username":"<token>","Secret":"tok"}'`, ".docker/config.json": `{"credsStore":"keychain"}`}, want: "  tok r.io"},
		"broken helper":     {image: "r.io/x", files: map[string]string{keychan: "#!/bin/sh\necho locked >&2; exit 3\n", ".docker/config.json": `{"credsStore":"keychain"}`}, err: "docker-credential-keychain failed with exit code 3: locked"},
		"no helper":         {image: "r.io/x", files: map[string]string{".docker/config.json": `{"credsStore":"absent"}`}, err: "docker-credential-absent"},
		"no JSON":           {image: "r.io/x", files: map[string]string{".docker/config.json": `{`}, err: ".docker/config.json"},
		"no login":          {image: "r.io/x", files: map[string]string{".docker/config.json": `{"auths":{"r.io":{"auth":"?"}}}`}, err: "the login kept for r.io cannot be read"},
		"no image":          {image: "Not An Image", files: map[string]string{".docker/config.json": `{"auths":{"r.io":{` + ann + `}}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := written(t, tc.files)
			environ := []string{"HOME=" + dir, "PATH=" + dir + "/bin:/usr/bin:/bin"}
			for _, kv := range tc.env {
				environ = append(environ, strings.ReplaceAll(kv, "HOME/", dir+"/"))
			}
			encoded, err := login(t.Context(), tc.image, environ)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("err = %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || encoded == "" || tc.want == "" {
				if err != nil || encoded != tc.want {
					t.Errorf("%q, %v, want %q", encoded, err, tc.want)
				}
				return
			}
			got, err := authconfig.Decode(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprintf("%s %s %s %s", got.Username, got.Password, got.IdentityToken, got.ServerAddress); text != tc.want {
				t.Errorf("got %q, want %q", text, tc.want)
			}
		})
	}
}

// shop is a registry on loopback with one small image, for those who log in.
func shop(t *testing.T, user, password string) (host string) {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("there")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	blobs := map[string][]byte{}
	put := func(data []byte) map[string]any {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
		blobs[digest] = data
		return map[string]any{"digest": digest, "size": len(data)}
	}
	text := func(v any) []byte {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const oci = "application/vnd.oci.image."
	content := put(layer.Bytes())
	settings := put(text(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": []any{content["digest"]}},
	}))
	content["mediaType"], settings["mediaType"] = oci+"layer.v1.tar", oci+"config.v1+json"
	manifest := text(map[string]any{"schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "config": settings, "layers": []any{content}})
	put(manifest)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		at := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		data := blobs[at]
		if strings.Contains(r.URL.Path, "/manifests/") {
			data = manifest
			w.Header().Set("Content-Type", oci+"manifest.v1+json")
		}
		if data == nil && r.URL.Path != "/v2/" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256(data)))
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(data)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// privateImage pulls from a registry that wants a login, with a real engine.
// Docker speaks HTTP to loopback without being told.
func privateImage(t *testing.T, b *bench) {
	host := shop(t, "ann", "pw:1")
	name := host + "/private/thing:1"
	say := func(string, ...any) {}
	pull := func(environ ...string) error {
		e, err := find(t.Context(), b.address, environ)
		if err != nil {
			t.Fatal(err)
		}
		defer e.api.Close()
		if err := e.pull(t.Context(), name, say); err != nil {
			return err
		}
		got, err := e.image(t.Context(), name, say)
		if err != nil || got.arch != "amd64" {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = e.api.ImageRemove(t.Context(), name, client.ImageRemoveOptions{Force: true})
		return err
	}
	if err := pull("HOME=" + t.TempDir()); err == nil || !strings.Contains(err.Error(), "'docker login "+host+"'") {
		t.Errorf("without a login: %v", err)
	}
	home := written(t, map[string]string{".docker/config.json": `{"auths":{"` + host + `":{"auth":"YW5uOnB3OjE="}}}`})
	if err := pull("HOME=" + home); err != nil {
		t.Errorf("with a login: %v", err)
	}
}
