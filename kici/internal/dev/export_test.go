package dev

import "github.com/kici-dev/kici-go/engine/store"

// Over has the tiers keep things in that store, and the agent come by a socket.
func (o *Options) Over(s store.Store) { o.store, o.socket = s, true }
