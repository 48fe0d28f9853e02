package container

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// image is what counts of an image.
type image struct {
	arch string
	env  []string
	user string
}

// image makes sure that the engine has an image, and reads it. say gets lines.
func (e *engine) image(ctx context.Context, name string, say func(format string, args ...any)) (*image, error) {
	got, err := e.api.ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		if err := e.pull(ctx, name, say); err != nil {
			return nil, err
		}
		got, err = e.api.ImageInspect(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("container: image %q: %w", name, err)
	}
	if got.Os != "" && got.Os != "linux" {
		return nil, fmt.Errorf("container: image %q is for %s, jobs need a Linux one", name, got.Os)
	}
	img := &image{arch: goarch(got.Architecture)}
	if img.arch == "" { // an imported root file system says nothing
		img.arch = e.arch
	}
	if got.Config != nil {
		img.env, img.user = got.Config.Env, got.Config.User
	}
	return img, nil
}

// progress is how often a pull says how far it is.
const progress = 2 * time.Second

// pull fetches an image. The engine shares the work of two pulls of the same.
func (e *engine) pull(ctx context.Context, name string, say func(format string, args ...any)) error {
	start := time.Now()
	say("pulling image %s", name)
	err := e.fetch(ctx, name, start, say)
	if err == nil {
		say("image %s is here after %.1f s", name, time.Since(start).Seconds())
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = fmt.Errorf("container: image %q is not on this machine and cannot be pulled: %w", name, err)
	if ref, bad := reference.ParseNormalizedNamed(name); bad == nil && denied(err) {
		err = fmt.Errorf("%w (does it need a login? 'docker login %s' or 'podman login %[2]s' on this machine is used)", err, reference.Domain(ref))
	}
	return err
}

// denied: registries say so in many ways, and engines pass on the words alone.
func denied(err error) bool {
	text := strings.ToLower(err.Error())
	for _, word := range []string{"unauthorized", "authentication required", "denied", "no basic auth"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err)
}

func (e *engine) fetch(ctx context.Context, name string, start time.Time, say func(format string, args ...any)) error {
	auth, err := login(ctx, name, e.environ)
	if err != nil { // of no matter for a public image, and the reason for what follows otherwise
		say("pulling without a login: %v", err)
	}
	stream, err := e.api.ImagePull(ctx, name, client.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	defer stream.Close()
	layers, last := map[string]jsonstream.Progress{}, start
	for m, err := range stream.JSONMessages(ctx) {
		if err != nil {
			return err
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		switch {
		case m.Status == "Downloading" && m.Progress != nil:
			layers[m.ID] = *m.Progress
			if now := time.Now(); now.Sub(last) >= progress {
				last = now
				say("  %s", sum(layers))
			}
		case m.Status == "Pull complete" || m.Status == "Already exists":
			say("  layer %s: %s", m.ID, map[bool]string{true: "ready", false: "already here"}[m.Status == "Pull complete"])
		}
	}
	return nil
}

// sum adds up the layers that have begun.
func sum(layers map[string]jsonstream.Progress) string {
	var have, all int64
	for _, p := range layers {
		have, all = have+p.Current, all+max(p.Total, p.Current)
	}
	return fmt.Sprintf("%.1f of %.1f MB", float64(have)/1e6, float64(all)/1e6)
}
