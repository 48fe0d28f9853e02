package message

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// JobDispatch gives an agent a job.
type JobDispatch struct {
	MessageID string `json:"messageId"`
	JobRef
	Timestamp   int64     `json:"timestamp"`
	RepoURL     string    `json:"repoUrl"`
	Ref         string    `json:"ref"`
	SHA         string    `json:"sha"`
	LockFileURL string    `json:"lockFileUrl"`
	JobConfig   JobConfig `json:"jobConfig"`

	// Token is a short-lived clone token; SourceAuth says the same and more.
	// With both, SourceAuth is basic and its secret is the token.
	Token        string   `json:"token,omitempty"`
	SourceAuth   *GitAuth `json:"sourceAuth,omitempty"`
	WorkflowAuth *GitAuth `json:"workflowAuth,omitempty"` // nil: SourceAuth

	Secrets           map[string]string            `json:"secrets,omitempty"`
	NamespacedSecrets map[string]map[string]string `json:"namespacedSecrets,omitempty"`
	// SecretList is both maps with what they cannot say, scope and back end.
	// An agent that reads it ignores them.
	SecretList []jobspec.Secret `json:"secretList,omitempty"`

	MaxLogSizeBytes int64  `json:"maxLogSizeBytes,omitempty"`
	SourceTarURL    string `json:"sourceTarUrl,omitempty"`
	SourceTarHash   string `json:"sourceTarHash,omitempty"` // the workflow's contentHash, not of the tarball
	DepsURL         string `json:"depsUrl,omitempty"`
	DepsHash        string `json:"depsHash,omitempty"` // SHA-256 of the tarball
	RequestID       string `json:"requestId,omitempty"`
	RunPublicKey    string `json:"runPublicKey,omitempty"` // X25519, base64

	UpstreamJobOutputs map[string]json.RawMessage `json:"upstreamJobOutputs,omitempty"`
	NpmRegistries      []NpmRegistry              `json:"npmRegistries,omitempty"`
	InstallEnvSecrets  map[string]string          `json:"installEnvSecrets,omitempty"`
	CacheRefScope      string                     `json:"cacheRefScope,omitempty"` // CacheTrusted, or isolated
}

// CacheTrusted is the scope whose jobs write the shared user cache.
const CacheTrusted = "trusted"

// JobConfig is the job itself: as it was planned, and what is only known now.
type JobConfig struct {
	Spec  jobspec.Spec  `json:"spec"`
	Input jobspec.Input `json:"input"`
}

// GitAuth is how to reach a repository.
type GitAuth struct {
	Kind             GitAuthKind `json:"kind"`
	User             string      `json:"user,omitempty"`
	Secret           string      `json:"secret"` // password or token, or a PEM key
	SSHHostKeyPolicy HostKeys    `json:"sshHostKeyPolicy,omitempty"`
	SSHKnownHostsPEM string      `json:"sshKnownHostsPem,omitempty"` // for HostKeysPinned
}

// GitAuthKind is one of the two ways to authenticate.
type GitAuthKind string

// HostKeys is what to do about the key of an SSH host.
type HostKeys string

// Words of GitAuth.
const (
	GitAuthBasic GitAuthKind = "basic"
	GitAuthSSH   GitAuthKind = "ssh"

	HostKeysAcceptNew HostKeys = "accept-new"
	HostKeysPinned    HostKeys = "pinned"
)

// NpmRegistry is where packages come from.
type NpmRegistry struct {
	URL        string `json:"url"`
	Scope      string `json:"scope,omitempty"`
	AlwaysAuth bool   `json:"alwaysAuth"`
	Token      string `json:"token"`
}

// JobAck accepts a dispatch, before anything is executed.
type JobAck struct {
	MessageID string `json:"messageId"`
	JobRef
	Timestamp int64 `json:"timestamp"`
}

// JobReject refuses one. The job goes back into the queue.
type JobReject struct {
	MessageID string `json:"messageId"`
	JobRef
	Reason    RejectReason `json:"reason"`
	Timestamp int64        `json:"timestamp"`
}

// RejectReason is why an agent takes no job.
type RejectReason string

// The reasons.
const (
	RejectBusy     RejectReason = "busy"
	RejectDraining RejectReason = "draining"
)

// JobCancel ends a job; with Force without its hooks, at once.
type JobCancel struct {
	MessageID string `json:"messageId"`
	JobRef
	Reason string `json:"reason"`
	Force  bool   `json:"force,omitempty"`
}

// JobSecretsRequest asks for the secrets of an environment that only the job's
// own code could name. It is an addition.
type JobSecretsRequest struct {
	RequestID string `json:"requestId"`
	JobRef
	Environment string `json:"environment"`
}

// JobSecretsResponse answers it, or says why not.
type JobSecretsResponse struct {
	RequestID  string           `json:"requestId"`
	SecretList []jobspec.Secret `json:"secretList,omitempty"`
	Error      string           `json:"error,omitempty"`
}

func (*JobDispatch) Type() string        { return "job.dispatch" }
func (*JobAck) Type() string             { return "job.ack" }
func (*JobReject) Type() string          { return "job.reject" }
func (*JobCancel) Type() string          { return "job.cancel" }
func (*JobSecretsRequest) Type() string  { return "job.secrets.request" }
func (*JobSecretsResponse) Type() string { return "job.secrets.response" }
