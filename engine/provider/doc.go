// Package provider is the port to the places that events and code come from:
// forges, plain webhooks, a repository on disk.
//
// A delivery arrives as an [Inbound]. [Provider.Verify] says whether its sender
// may send, before anything in the body is believed; [Provider.Normalize] turns
// it into [Event] values, the one shape that the rest of the house matches and
// remembers; [Provider.Lockfile] reads the lock file of the commit that an event
// is about, from the repository and never from a work tree. That is the whole
// duty. What else a provider can do it shows by implementing more: [Resolver],
// [ChangedFiler], [Cloner], [Configurer], [Keyer]. A caller asks with a type
// assertion and does without where the answer is no.
//
// Providers hold no state about sources: every call brings its [engine.Source],
// whose Config is JSON in the provider's own shape, read with [Decode]. Errors
// are the sentinels of this package, each with what it means for the sender.
//
// A provider neither stores nor decides. Size, rate and repetition are limits
// that engine/intake applies, from the [Settings] that the provider reads out
// of the source; what an event starts is for engine/trigger to say. The suite
// that every provider passes is providertest.
package provider
