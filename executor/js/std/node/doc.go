// Package node holds the modules named as Node's are, besides those of std/web:
// path, fs, os, util, buffer, crypto, child_process, stream and the small ones.
// Each is a TypeScript file over primitives from this package's Go files, so
// that what authors see is written once, and what touches the machine is Go.
//
// fs is one table of operations (fs.ts) over one table in Go (fs*.go); the
// sync form runs an operation on the loop, the other forms run the same one on
// a goroutine and answer later. Relative paths start at the host's working
// directory; nothing here changes the directory of the process. Errors carry
// Node's code, errno, syscall and path.
//
// What is missing says so: a module Node has and we have not, and the better
// known functions missing from those we have, throw an error that names them
// and suggests runtime: 'node'. The list of modules that need Node is
// needsNode. Deciding which runtime a workflow gets happens at compile time,
// elsewhere.
package node
