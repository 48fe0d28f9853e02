package node

import "github.com/kici-dev/kici-go/executor/sdk"

// Modules are the house's modules that every program needs: the SDK and zod.
func Modules() map[string]string {
	all := sdk.Sources()
	all["zod"] = sdk.ZodSource()
	return all
}
