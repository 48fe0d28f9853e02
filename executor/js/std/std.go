package std

import (
	"maps"
	"net/http"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/web"
)

// Options are the live things modules need from outside. The zero value is
// good.
type Options struct {
	Client *http.Client // what fetch uses; default: a client of its own without cookies
}

// Modules returns every built-in module by its bare name. Each line brings one
// group; a later one wins where names meet.
func Modules(o Options) map[string]js.Module {
	all := map[string]js.Module{}
	maps.Copy(all, web.Modules(o.Client))
	return all
}
