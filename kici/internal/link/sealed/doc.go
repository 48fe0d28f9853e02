// Package sealed is how a secret output travels from the agent that made it to
// the orchestrator: sealed to the run's public key, so that neither a log of the
// wire nor a database between them shows it.
//
// The orchestrator makes an X25519 pair for each run and sends the public key,
// base64 of its 32 bytes, with every dispatch. [Seal] makes a pair of its own
// for each value, agrees on a shared secret, and derives a key with HKDF-SHA256
// from it: no salt, info "kici-secret-output" followed by the agent's and the
// run's public key. AES-256-GCM with a random nonce then encrypts the value, with
// the output's name as additional data, so that two outputs cannot be swapped.
// What travels is base64 of nonce (12 bytes), tag (16 bytes) and ciphertext, the
// layout that uploads have as well. [Open] is the way back.
//
// Both ends of the link use this room, and nobody else: what an orchestrator
// keeps is encrypted again by engine/secret with keys of its own, and which
// values are secret outputs is decided by executor/step.
package sealed
