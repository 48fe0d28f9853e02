//go:build unix

package containertest

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/moby/moby/client"
)

// Images that every engine of a Lab has.
const (
	ImageThin = "localhost/kici-thin:1"   // the machine's /usr below links; mounted, so it costs nothing
	ImageBash = "localhost/kici-bash:1"   // busybox, and bash with what it is linked to
	ImageBare = "localhost/kici-nobash:1" // busybox and nothing else
)

// applets are the commands that ImageBash has besides bash.
const applets = "cat echo env head id ls mkdir mv nproc ps pwd readlink rm sh sleep stat test touch true tty uname wc"

// provision makes the images.
func provision(address string) error {
	api, err := client.New(client.WithHost(address))
	if err != nil {
		return err
	}
	defer api.Close()
	trees, err := images()
	if err != nil {
		return err
	}
	for name, body := range trees {
		if err := load(api, name, body); err != nil {
			return err
		}
	}
	return nil
}

// images are the file systems, by name.
func images() (map[string][]byte, error) {
	path, err := Program("busybox")
	if err != nil {
		return nil, err
	}
	busybox, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	passwd := []byte("root:x:0:0:root:/root:/bin/bash\n")
	usr := map[string]string{"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64"}
	with, err := bash()
	if err != nil {
		return nil, err
	}
	with["bin/busybox"], with["etc/passwd"] = busybox, passwd
	links := map[string]string{}
	for name := range strings.FieldsSeq(applets) {
		links["bin/"+name] = "busybox"
	}
	return map[string][]byte{
		ImageThin: rootfs([]string{"usr/", "tmp/", "etc/", "root/", "proc/", "sys/", "dev/", "sbin/"}, usr, map[string][]byte{"etc/passwd": passwd}),
		ImageBash: rootfs([]string{"bin/", "tmp/", "etc/", "root/", "proc/", "sys/", "dev/", "sbin/"}, links, with),
		ImageBare: rootfs([]string{"bin/", "tmp/", "etc/"}, map[string]string{"bin/sh": "busybox"}, map[string][]byte{"bin/busybox": busybox}),
	}, nil
}

var library = regexp.MustCompile(`(/\S+) \(0x`)

// bash is the machine's bash and the libraries that it is linked to, each where
// it looks for them.
func bash() (map[string][]byte, error) {
	path, err := Program("bash")
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("ldd", path).Output()
	if err != nil {
		return nil, fmt.Errorf("what bash is linked to: %w", err)
	}
	from := map[string]string{"bin/bash": path}
	for _, m := range library.FindAllStringSubmatch(string(out), -1) {
		from[strings.TrimPrefix(filepath.Clean(m[1]), "/")] = m[1]
	}
	files := map[string][]byte{}
	for name, file := range from {
		if files[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func load(api *client.Client, name string, body []byte) error {
	ref, tag, _ := strings.Cut(name, ":")
	got, err := api.ImageImport(context.Background(), client.ImageImportSource{Source: bytes.NewReader(body), SourceName: "-"}, ref,
		client.ImageImportOptions{Tag: tag, Changes: []string{"ENV FROM_IMAGE=yes", "ENV KICI_RUN_ID=forged"}})
	if err != nil {
		return err
	}
	text, err := io.ReadAll(got)
	got.Close()
	if err != nil || bytes.Contains(text, []byte("errorDetail")) {
		return fmt.Errorf("import %s: %v\n%s", name, err, text)
	}
	// Podman does not listen to the name that it is given.
	id := regexp.MustCompile(`[0-9a-f]{64}`).Find(text)
	if _, err := api.ImageTag(context.Background(), client.ImageTagOptions{Source: string(id), Target: name}); err != nil {
		return fmt.Errorf("name the imported image %q: %w", text, err)
	}
	return nil
}

func rootfs(dirs []string, links map[string]string, files map[string][]byte) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, d := range dirs {
		mode := int64(0o755)
		if d == "tmp/" {
			mode = 0o1777
		}
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d, Mode: mode})
	}
	for name, to := range links {
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777})
	}
	for name, body := range files {
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(body))})
		_, _ = w.Write(body)
	}
	_ = w.Close()
	return buf.Bytes()
}
