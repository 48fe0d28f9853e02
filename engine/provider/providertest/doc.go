// Package providertest is the conformance suite of provider.Provider: whoever
// writes a provider runs it, and is done when it passes.
//
// [Run] takes a function that opens a [Subject]: the provider, a source for it,
// and deliveries and commits of which the author knows what they should become.
// The suite checks the duty, then every power the provider shows, then what a
// caller relies on without asking: that a stored delivery normalises as a fresh
// one did, that nothing hostile is believed or panics, that no secret is
// printed, that many may call at once and an ended context ends the call.
//
// What an envelope of a particular sender should look like it does not know;
// those are golden tests beside the provider.
package providertest
