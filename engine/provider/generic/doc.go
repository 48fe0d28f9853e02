// Package generic is the provider of plain webhooks: any service that posts
// something over HTTP, with no repository behind it.
//
// A source's [Config] says how the sender is verified, where the name of an
// event and the id of a delivery stand, and what may come in. The body becomes
// the payload of one generic_webhook event: a JSON object or list as it is, a
// JSON scalar as {value}, a form as its fields, anything else as {body}; the
// event's action is its name and its WebhookSource the source, which is what
// genericWebhook() triggers compare.
//
// There is no commit, so there is no lock file: what a delivery starts was
// registered before, and engine/intake finds it. Limits are applied there too.
package generic
