package message

// CacheUploadRequest asks for a place to put sources or dependencies.
type CacheUploadRequest struct {
	MessageID string `json:"messageId"`
	JobRef
	CacheKey
}

// CacheKey says what is cached.
type CacheKey struct {
	CacheType    CacheType `json:"cacheType"`
	ContentHash  string    `json:"contentHash,omitempty"`
	LockfileHash string    `json:"lockfileHash,omitempty"`
	Platform     string    `json:"platform"`
	Arch         string    `json:"arch"`
}

// CacheType is one of the two caches of the house.
type CacheType string

// The types.
const (
	CacheSource CacheType = "source"
	CacheDeps   CacheType = "deps"
)

// CacheUploadResponse is the place.
type CacheUploadResponse struct {
	RequestID string `json:"requestId"`
	UploadURL string `json:"uploadUrl"`
}

// CacheUploadComplete says the upload is done.
type CacheUploadComplete struct {
	MessageID string `json:"messageId"`
	JobRef
	CacheKey
	DepsHash string `json:"depsHash,omitempty"`
}

// CacheUserRestoreRequest looks for an entry of the user's cache.
type CacheUserRestoreRequest struct {
	MessageID string `json:"messageId"`
	JobRef
	Key         string   `json:"key"`
	RestoreKeys []string `json:"restoreKeys,omitempty"` // prefixes, in order; the newest match of the first that has one
}

// CacheUserRestoreResponse is what was found.
type CacheUserRestoreResponse struct {
	RequestID   string `json:"requestId"`
	Hit         bool   `json:"hit"`
	MatchedKey  string `json:"matchedKey,omitempty"`
	DownloadURL string `json:"downloadUrl,omitempty"`
	TarHash     string `json:"tarHash,omitempty"`
}

// CacheUserSaveRequest asks for a place for a new entry.
type CacheUserSaveRequest struct {
	MessageID string `json:"messageId"`
	JobRef
	Key string `json:"key"`
}

// CacheUserSaveResponse is the place, or says that the entry exists.
type CacheUserSaveResponse struct {
	RequestID string `json:"requestId"`
	Skip      bool   `json:"skip"`
	UploadURL string `json:"uploadUrl,omitempty"`
}

// CacheUserSaveComplete makes the entry visible.
type CacheUserSaveComplete struct {
	MessageID string `json:"messageId"`
	JobRef
	Key       string `json:"key"`
	TarHash   string `json:"tarHash"` // SHA-256
	SizeBytes int64  `json:"sizeBytes"`
}

// ProvenanceUploadRequest asks for a place to put an attestation.
type ProvenanceUploadRequest struct {
	MessageID string `json:"messageId"`
	JobRef
	SubjectDigest string `json:"subjectDigest"`
}

// ProvenanceUploadResponse is the place; empty where there is no storage.
type ProvenanceUploadResponse struct {
	RequestID string `json:"requestId"`
	UploadURL string `json:"uploadUrl"`
}

// ProvenanceUploadComplete says the attestation is there.
type ProvenanceUploadComplete struct {
	MessageID string `json:"messageId"`
	JobRef
	SubjectName   string `json:"subjectName"`
	SubjectDigest string `json:"subjectDigest"`
	MediaType     string `json:"mediaType"`
}

func (*CacheUploadRequest) Type() string       { return "cache.upload.request" }
func (*CacheUploadResponse) Type() string      { return "cache.upload.response" }
func (*CacheUploadComplete) Type() string      { return "cache.upload.complete" }
func (*CacheUserRestoreRequest) Type() string  { return "cache.user.restore.request" }
func (*CacheUserRestoreResponse) Type() string { return "cache.user.restore.response" }
func (*CacheUserSaveRequest) Type() string     { return "cache.user.save.request" }
func (*CacheUserSaveResponse) Type() string    { return "cache.user.save.response" }
func (*CacheUserSaveComplete) Type() string    { return "cache.user.save.complete" }
func (*ProvenanceUploadRequest) Type() string  { return "provenance.upload.request" }
func (*ProvenanceUploadResponse) Type() string { return "provenance.upload.response" }
func (*ProvenanceUploadComplete) Type() string { return "provenance.upload.complete" }
