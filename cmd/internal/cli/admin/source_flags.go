package admin

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// genericFlags are the options of a webhook or forge. Only those that were given
// are sent, so that an update changes nothing else.
type genericFlags struct {
	name, org, kind                                    string
	method, secret                                     string
	eventHeader, eventPath, keyHeader, keyPath         string
	dedup, maxPayload, rate                            int
	allowed, strip, ips                                []string
	preset, template, payloadPaths, mapping            string
	credential, credentialRef, credentialType          string
	credentialUser, credentialStore, hostKeys, hostPEM string
	signatureHeader                                    string
	clearGit                                           bool
}

func (g *genericFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.name, "name", "", "name of the source, part of its address")
	f.StringVar(&g.org, "org", "", "organisation; there is one, so it changes nothing")
	f.StringVar(&g.method, "verification", "hmac_sha256", "hmac_sha256, bearer_token, ip_allowlist or none")
	f.StringVar(&g.secret, "secret", "", "secret or token of the sender; \"@file\", \"-\" and \"env:NAME\" read it")
	f.StringVar(&g.signatureHeader, "signature-header", "", "header that proves the sender, instead of the usual one")
	f.StringSliceVar(&g.ips, "allowed-ips", nil, "addresses and CIDRs of ip_allowlist")
	f.StringVar(&g.eventHeader, "event-type-header", "", "header that names the event")
	f.StringVar(&g.eventPath, "event-type-path", "", "JSONPath of the body that names the event")
	f.StringVar(&g.keyHeader, "idempotency-key-header", "", "header that tells repeated deliveries")
	f.StringVar(&g.keyPath, "idempotency-key-path", "", "JSONPath of the body that tells repeated deliveries")
	f.IntVar(&g.dedup, "dedup-window", 300, "seconds that a repeated delivery is noticed; 0 is never")
	f.IntVar(&g.maxPayload, "max-payload", 1<<20, "largest body in bytes")
	f.IntVar(&g.rate, "rate-limit", 600, "deliveries a minute; 0 is no limit")
	f.StringSliceVar(&g.allowed, "allowed-events", nil, "names of events that may come in (default all)")
	f.StringSliceVar(&g.strip, "strip-headers", nil, "headers that are not stored, besides those with credentials")
	f.StringVar(&g.kind, "provider-type", "", "generic or universal-git; --preset says it as well")
	f.StringVar(&g.preset, "preset", "", "forge: forgejo, gitea, gogs, gitlab-repo, github-repo, custom")
	f.StringVar(&g.template, "git-url-template", "", "address of repositories, with {owner} and {name}")
	f.StringVar(&g.payloadPaths, "payload-paths", "", "JSON of JSONPaths, for custom")
	f.StringVar(&g.mapping, "event-mapping", "", "JSON of event names, for custom")
	f.StringVar(&g.credentialType, "credential-type", "", "pat, basic or ssh; public repositories need none")
	f.StringVar(&g.credential, "credential", "", "token, password or private key; \"@file\", \"-\" and \"env:NAME\" read it")
	f.StringVar(&g.credentialRef, "credential-ref", "", "key of the credential among the source's secrets")
	f.StringVar(&g.credentialStore, "credential-store", "pg", "where that secret is kept; there is one store, so it changes nothing")
	f.StringVar(&g.credentialUser, "credential-user", "", "user of the credential")
	f.StringVar(&g.hostKeys, "ssh-host-key-policy", "", "accept-new or pinned")
	f.StringVar(&g.hostPEM, "ssh-known-hosts-pem", "", "known hosts of pinned; \"@file\" reads them")
}

func (g *genericFlags) input(a *app, cmd *cobra.Command) (adminclient.SourceInput, error) {
	in := adminclient.SourceInput{Name: g.name, Kind: g.kind, Config: map[string]any{}}
	given := cmd.Flags().Changed
	put := func(flag, field string, value any) {
		if given(flag) {
			in.Config[field] = value
		}
	}
	put("event-type-header", "eventTypeHeader", g.eventHeader)
	put("event-type-path", "eventTypePath", g.eventPath)
	put("idempotency-key-header", "idempotencyKeyHeader", g.keyHeader)
	put("idempotency-key-path", "idempotencyKeyPath", g.keyPath)
	put("dedup-window", "dedupWindowSeconds", g.dedup)
	put("max-payload", "maxPayloadBytes", g.maxPayload)
	put("rate-limit", "rateLimitRpm", g.rate)
	put("allowed-events", "allowedEvents", g.allowed)
	put("strip-headers", "stripHeaders", g.strip)
	put("preset", "preset", g.preset)
	put("git-url-template", "gitUrlTemplate", g.template)
	put("credential-type", "credentialType", g.credentialType)
	put("credential-user", "credentialUser", g.credentialUser)
	put("credential-ref", "credentialRef", g.credentialRef)
	put("ssh-host-key-policy", "sshHostKeyPolicy", g.hostKeys)
	if err := g.verification(a, given, in.Config); err != nil {
		return in, err
	}
	for _, v := range []struct{ flag, field, text string }{{"credential", "credential", g.credential}, {"ssh-known-hosts-pem", "sshKnownHostsPem", g.hostPEM}} {
		value, err := a.value(v.text)
		if err != nil {
			return in, err
		}
		put(v.flag, v.field, value)
	}
	for _, v := range []struct{ flag, field, text string }{{"payload-paths", "payloadPaths", g.payloadPaths}, {"event-mapping", "eventMapping", g.mapping}} {
		if !given(v.flag) {
			continue
		}
		text, err := a.value(v.text)
		if err != nil {
			return in, err
		}
		if !json.Valid([]byte(text)) {
			return in, &cli.UsageError{Message: fmt.Sprintf("--%s is not JSON", v.flag)}
		}
		in.Config[v.field] = json.RawMessage(text)
	}
	if g.clearGit {
		for _, field := range []string{"preset", "gitUrlTemplate", "credentialType", "credentialUser", "credentialRef", "credential", "sshHostKeyPolicy", "sshKnownHostsPem", "payloadPaths", "eventMapping"} {
			in.Config[field] = nil
		}
	}
	return in, nil
}

// verification is how the sender proves itself: a method with what belongs to it.
func (g *genericFlags) verification(a *app, given func(string) bool, config map[string]any) error {
	if given("verification") {
		config["verificationMethod"] = g.method
	}
	detail := map[string]any{}
	if given("secret") {
		secret, err := a.value(g.secret)
		if err != nil {
			return err
		}
		if g.method == "bearer_token" {
			detail["token"] = secret
		} else {
			detail["secret"] = secret
		}
	}
	if given("signature-header") {
		detail["headerName"] = g.signatureHeader
	}
	if given("allowed-ips") {
		detail["allowedIps"] = g.ips
	}
	if len(detail) > 0 {
		config["verificationConfig"] = detail
	}
	return nil
}

// localFlags are the options of a repository on disk.
type localFlags struct{ name, org, path, clone string }

func (l *localFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.name, "name", "local", "name of the source")
	f.StringVar(&l.org, "org", "", "organisation; there is one, so it changes nothing")
	f.StringVar(&l.path, "path", "", "the repository on the orchestrator's disk, absolute")
	f.StringVar(&l.clone, "clone-url-base", "", "where agents clone from that do not see the path")
}

func (l *localFlags) input(cmd *cobra.Command) adminclient.SourceInput {
	in := adminclient.SourceInput{Name: l.name, Kind: "local", Config: map[string]any{}}
	if cmd.Flags().Changed("path") {
		in.Config["path"] = l.path
	}
	if cmd.Flags().Changed("clone-url-base") {
		in.Config["cloneUrlBase"] = l.clone
	}
	return in
}
