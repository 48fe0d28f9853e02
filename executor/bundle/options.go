package bundle

// Options says what to bundle and for which host. The zero value of every
// field but Root and Entries is a sound default.
type Options struct {
	// Root is the absolute directory (the repository) that every path in the
	// output is relative to: names in source maps, diagnostics, Inputs.
	Root string
	// Entries are the workflow files, absolute or relative to Root.
	Entries []string
	// RunRoot is the directory that import.meta.url, .dirname and .filename
	// are reported under, for code that is bundled in one checkout and run in
	// another. Empty means Root.
	RunRoot string
	// ZodFromProject bundles the zod of the project whatever its version. By
	// default only a zod of another major than the embedded one is bundled.
	ZodFromProject bool
	// Provided names the Node built-ins that the embedded runtime serves
	// ("fs", "fs/promises"). With it, Build judges for each program whether
	// it needs a real Node; nil means that every built-in is served.
	Provided map[string]bool
}

// Program is one workflow file made self-contained.
type Program struct {
	// Entry is the workflow file, slash-separated and relative to Root.
	Entry string
	// Code is a classic script whose value is an async function
	// (__kici_require, __kici_import) that yields the module's namespace.
	Code []byte
	// Map is the source map of Code: version 3, no sources content, sources
	// relative to Root.
	Map []byte
	// Hash identifies Code and Map: equal inputs give equal hashes on every
	// machine, so it can key a cache of compiled programs.
	Hash string
	// Builtins are the Node built-ins that survived tree-shaking.
	Builtins []Builtin
	// UsesZod reports that the program reaches the embedded zod, directly or
	// as the SDK's z.
	UsesZod bool
	// NeedsNode says why the embedded runtime cannot run this program; empty
	// when it can.
	NeedsNode []Reason
	// Node is the program for a real Node, where somebody asked for it with
	// ForNode.
	Node *Output
	// Inputs are all files that were read for this program, relative to Root,
	// sorted: what a watcher watches.
	Inputs []string
}

// Builtin is a module of Node that a program requires.
type Builtin struct {
	Name      string   // without "node:"
	Importers []string // files that import it, relative to Root, sorted
}

// Reason is one obstacle to running a program without Node.
type Reason struct {
	Text string // a sentence fragment: `imports "http2", which …`
	File string // who is at fault, relative to Root; a package's file or the author's
	Line int    // 1-based; 0 when the whole file is meant
}

// Severity ranks a diagnostic.
type Severity int

// The severities. Only errors keep a program from being built.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is a complaint about a source file, with its position.
type Diagnostic struct {
	Severity Severity
	File     string // relative to Root; empty when no file is to blame
	Line     int    // 1-based, 0 without a position
	Column   int    // 1-based, in characters
	Length   int    // characters to underline, at least 1
	LineText string
	Text     string
	Notes    []Note
}

// Note adds to a diagnostic: advice, or a second position.
type Note struct {
	File     string
	Line     int
	Column   int
	LineText string
	Text     string
}

// Result is the outcome for all entries. An entry is either in Programs or in
// Failed; the reasons of the failed ones are among Diagnostics.
type Result struct {
	Programs    []Program // in the order of Options.Entries
	Failed      []string  // entries without a program, relative to Root
	Diagnostics []Diagnostic
}

// HasErrors reports whether any diagnostic is an error.
func (r *Result) HasErrors() bool {
	for _, d := range r.Diagnostics {
		if d.Severity == Error {
			return true
		}
	}
	return false
}
