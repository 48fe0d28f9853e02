// Package sdk holds the TypeScript SDK that workflows are written with: its
// program, its types, and nothing that runs them. The sources are in src; go
// generate bundles src/entry.ts into sdk_gen.js, a CommonJS body that exports
// two objects. The object sdk is the module "@kici-dev/sdk" that authors
// import; internal is "@kici-dev/sdk/internal", the plumbing that the
// compiler's describe program and the runner's guest share, so that there is
// one implementation of names, needs, matrices and outputs (src/internal.ts
// lists it).
//
// A workflow file calls factories. Each factory checks everything it was given
// and throws one DefinitionError with all problems, their fields and a
// suggestion; otherwise it returns a plain object tagged with its kind. Nothing
// happens at that point: executor/compile reads the objects into a lock file,
// executor/workflow calls their functions. Outputs are kept per job execution
// in a scope and found by object identity; a `.result` is a view of it.
//
// The types (sdk.d.ts, and a small stand-in for Node's when the author has
// not installed them) are what kici init drops beside the workflows, so that
// editors help without npm. This package starts no VM and reads no files:
// executor/js makes modules from Sources, the caller writes TypeFiles.
package sdk
