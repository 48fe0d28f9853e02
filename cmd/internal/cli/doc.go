// Package cli is what the commands of all our binaries share: the State that
// stands between them and the process, usage errors and exit codes, colours,
// suggestions for mistyped words.
//
// FromOS builds the State of the real process and Main runs a command tree on
// it; a test builds a State over buffers and a temporary folder and gets exit
// code and output back. Commands live in cli/author, cli/admin and
// cli/service, one file each, three packages, so that a binary links only its
// own.
//
// This is the only package of cmd that touches os: a command that reaches for
// the environment, the clock or a file goes through its State. What a command
// does is a library's business (kici/author and friends); here it is only
// asked for and shown.
package cli
