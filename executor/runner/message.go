package runner

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/executor"
)

// protocol is checked in the handshake. Both halves are normally one binary;
// a ChildCommand may point at another build.
const protocol = 1

// messageType names a control message.
type messageType string

const (
	// child → parent
	typeHello   messageType = "hello"
	typeBegin   messageType = "begin"
	typeRule    messageType = "rule"
	typeEnd     messageType = "end"
	typeResult  messageType = "result"
	typeRequest messageType = "request" // a Services call; answered by typeAnswer

	// parent → child
	typeProgram messageType = "program" // two raw frames follow: code, map
	typeJob     messageType = "job"
	typeCancel  messageType = "cancel"
	typeForce   messageType = "force"
	typeAnswer  messageType = "answer"
)

// message is every control message; Type says which fields count.
type message struct {
	Type     messageType          `json:"type"`
	Protocol int                  `json:"protocol,omitempty"`
	Row      *executor.Row        `json:"row,omitempty"`
	Index    int                  `json:"index,omitempty"`
	Rule     *executor.RuleResult `json:"rule,omitempty"`
	End      *executor.RowResult  `json:"end,omitempty"`
	Result   *executor.Result     `json:"result,omitempty"`
	Job      *executor.Job        `json:"job,omitempty"`
	Hash     string               `json:"hash,omitempty"`
	Entry    string               `json:"entry,omitempty"`
	Runtime  executor.RuntimeName `json:"runtime,omitempty"`
	Reason   string               `json:"reason,omitempty"`
	ID       uint64               `json:"id,omitempty"`
	Method   string               `json:"method,omitempty"`
	Params   json.RawMessage      `json:"params,omitempty"`
	Answer   json.RawMessage      `json:"answer,omitempty"`
	Error    string               `json:"error,omitempty"`
}

// Methods of typeRequest.
const (
	methodEmit    = "emit"
	methodReveal  = "reveal"
	methodSecrets = "secrets"
	methodRestore = "restore"
	methodSave    = "save"
)

// cacheCall is the parameter of methodRestore and methodSave.
type cacheCall struct {
	Dir   string         `json:"dir"`
	Cache executor.Cache `json:"cache"`
}
