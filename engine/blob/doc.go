// Package blob is the port behind which large things lie: sealed logs, caches,
// archives. An object is bytes under a key, with their size and SHA-256.
//
// [Store.Put] streams a body in and makes it visible at once and as a whole, or
// not at all; whoever reads meanwhile reads what was there before. [Store.Get]
// streams it out, or a [Range] of it. A key is a path of UTF-8 segments
// ([CheckKey]), so that a prefix is a folder of the layout
// (`cache/<repo>/shared/…`) and every back end can hold every key. How long an
// object lives is its owner's matter: Info.Used tells when it was last put or
// touched, and nothing is removed but by [Store.Delete].
//
// Agents move objects without credentials of their own, by links: a [Signer]
// signs method, key and expiry, and the handler in kici/internal/httpapi/blob
// serves what it can verify. Another back end may hand out links of its own, so
// rooms that need them ask for a [Linker].
//
// The package knows nothing of what it keeps and owns no policy: quotas and
// scopes are engine/cache's, ages engine/retention's, formats engine/logs'. Back
// ends are blob/fs and, later, others; blob/blobtest is what all must pass.
//
//	info, err := s.Put(ctx, "cache/a/shared/npm.tar.gz", body)
//	url, err := signer.Link(ctx, http.MethodGet, info.Key)
package blob
