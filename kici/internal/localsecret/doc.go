// Package localsecret gathers the secrets of a run on an author's machine.
//
// They come from three files in the .kici folder, each optional, and from what
// was typed:
//
//	.secrets      KEY=value lines; [name] begins the values of a context
//	.env.local    KEY=value lines with optional quotes, as dotenv writes them
//	secrets.yaml  a mapping of contexts, each a mapping of keys to scalars
//	--secret, --env, --context name.KEY=value
//
// A context is what a job names as its environment. Secrets.For layers the
// sources for one job: values of other contexts lie lowest, then the flat values
// of the files in the order above, then the files' values of the job's own
// context, then what was typed. So a [section] wins only within its context,
// and what was typed always wins.
//
// Load reports every faulty line of every file at once, with file and line,
// and reads nothing but those files: the process environment is no source.
// Masking, mounting and access logs belong to the step engine, fixtures to the
// local runner.
package localsecret
