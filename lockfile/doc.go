// Package lockfile is the contract every other room speaks: what a compiled
// project says about its workflows, as data.
//
// It owns the shape of .kici/kici.lock.json (schema 15), its exact bytes and
// the hashes that guard it. [Parse] reads a file: it checks the version first,
// so that a file from the future gets advice and not a list of puzzling
// complaints, then reads the structure and reports every fault with its JSON
// path, line and column. [Encode] writes a file: key order is the order of the
// struct fields below, an absent optional key is left out, and strings and
// numbers look as JavaScript's JSON.stringify prints them, because the hashes
// are taken over those bytes and other implementations recompute them.
//
// Everything here is a function of its arguments; the package imports only the
// standard library and never touches a file. Matching events is engine/trigger,
// expanding jobs is lockfile/plan, producing a lock from TypeScript is
// executor/compile, and reading it from disk is up to whoever needs it.
//
//	file, err := lockfile.Parse(data)
//	var newer *lockfile.VersionError
//	if errors.As(err, &newer) { fmt.Println(newer.Hint()) }
//
// # Presence
//
// A field tagged omitzero is absent when it is nil, empty string or false; an
// empty but non-nil slice is present and prints as []. Every other field is
// always written, a nil slice as []. Authors' maps keep their order in [Map].
package lockfile
