// Package adminclient is the client of an orchestrator's admin API, and the types
// that both of its ends speak.
//
// A [Client] is made from an address and a token. Each method is one request: it
// encodes what it is given, sends it with the token, and decodes the answer or
// the [Error] that came instead. Lists of any length and logs are read as they
// arrive. Files are named for what they are about; a new part of the API is a new
// file here, and one with the same name in kici/internal/httpapi/admin, which
// encodes these very types.
//
//	c := adminclient.New("http://localhost:4000", token)
//	made, err := c.RegisterAgent(ctx, adminclient.NewAgentToken{Labels: []string{"linux"}})
//
// The package decides nothing and remembers nothing; it reads neither environment
// nor files. cmd/internal/cli/admin is one user of it among others.
package adminclient
