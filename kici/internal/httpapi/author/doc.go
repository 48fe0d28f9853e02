// Package author is the API that authors ask from their terminals: the routes
// below /api/v1 that an API key opens, spoken by adminclient.Author for the kici
// command.
//
// A request shows a key, of which the store has a hash. The key says which routing
// keys its owner may see; whatever lies outside looks as if it were not there. Then
// a handler reads or cancels, through the same functions as the operator's API,
// whose way of answering it shares ([admin.Handler]).
//
// It makes no keys, that is for operators, and it decides nothing: what a
// cancellation does is engine/runs. Nothing here starts a run.
package author
