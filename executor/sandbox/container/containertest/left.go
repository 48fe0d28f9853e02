//go:build unix

package containertest

import (
	"context"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Left lists the containers of an engine that carry a label, whatever state they
// are in.
func Left(t testing.TB, address, label, value string) []container.Summary {
	t.Helper()
	api := dial(t, address)
	defer api.Close()
	list, err := api.ContainerList(context.WithoutCancel(t.Context()), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", label+"="+value),
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// Volumes are the names of an engine's volumes.
func Volumes(t testing.TB, address string) []string {
	t.Helper()
	api := dial(t, address)
	defer api.Close()
	list, err := api.VolumeList(context.WithoutCancel(t.Context()), client.VolumeListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range list.Items {
		names = append(names, v.Name)
	}
	return names
}

func dial(t testing.TB, address string) *client.Client {
	t.Helper()
	api, err := client.New(client.WithHost(address))
	if err != nil {
		t.Fatal(err)
	}
	return api
}
