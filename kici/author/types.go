package author

import "github.com/kici-dev/kici-go/executor/sdk"

// EditorTypes is what an editor needs to check and complete workflows without
// any installed package: Files go into `.kici/types`, by slash path; Paths and
// TypeRoots are the settings of that name for a tsconfig.json beside it.
type EditorTypes struct {
	Files     map[string]string
	Paths     map[string][]string
	TypeRoots []string
}

// Types returns the declarations of the SDK that is inside this program, so
// that what an editor accepts is what Compile accepts.
func Types() EditorTypes {
	return EditorTypes{Files: sdk.TypeFiles(), Paths: sdk.Paths(), TypeRoots: sdk.TypeRoots()}
}
