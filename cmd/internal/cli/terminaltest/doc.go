// Package terminaltest is a terminal for tests: it obeys the few control
// sequences that our commands write and tells what a person would see. It is a
// writer, so a Screen can draw on it directly and the output of a pseudo
// terminal can be copied into it.
//
// Lines that are broken because the terminal became narrower are joined again
// when it becomes wider, as the terminals do that most people use. A sequence
// it does not know fails loudly: a program that writes it has not been looked
// at on this terminal yet.
package terminaltest
