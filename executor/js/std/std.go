package std

import (
	"net/http"

	"github.com/kici-dev/kici-go/executor/js"
)

// Options are the live things modules need from outside. The zero value is
// good.
type Options struct {
	Client *http.Client // what fetch uses; default: a client of its own without cookies
}

// Modules returns every built-in module by its bare name.
func Modules(o Options) map[string]js.Module {
	return map[string]js.Module{}
}
