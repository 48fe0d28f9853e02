// Package blob serves the links that engine/blob signs: an agent downloads a
// cache with GET and uploads one with PUT, without a credential of its own.
//
// A request names the key in its path and shows the signature in `?sig=`. The
// handler verifies it before it looks at anything else, in constant time, for
// exactly this method and key (HEAD counts as GET). A GET streams the object,
// whole or by range, with its SHA-256 as ETag; a PUT streams the body to the
// store, up to a size, and answers with what was stored. Every failure is a
// status and a JSON `{"error": …}` that says what was wrong and for whom.
//
// It decides nothing: which key an agent may have a link to is engine/cache's
// matter, and where the bytes lie the back end's. It must not list, delete or
// name what it was not asked for.
package blob
