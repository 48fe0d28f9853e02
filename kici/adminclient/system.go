package adminclient

import "context"

// Version says what answers.
type Version struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocolVersion"`
}

// Statuses of a check, and of all of them together.
const (
	OK   = "ok"
	Warn = "warn"
	Fail = "fail"
)

// Diagnosis is how the orchestrator finds itself.
type Diagnosis struct {
	Status string       `json:"status"`
	Checks []CheckPoint `json:"checks"`
}

// CheckPoint is one thing that was looked at.
type CheckPoint struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Version asks who is there.
func (c *Client) Version(ctx context.Context) (out Version, err error) {
	return out, c.call(ctx, "GET", "/version", nil, nil, &out)
}

// ClusterName is what people call the deployment.
func (c *Client) ClusterName(ctx context.Context) (string, error) {
	var out clusterName
	err := c.call(ctx, "GET", "/cluster-name", nil, nil, &out)
	return out.Name, err
}

// SetClusterName changes it: lower-case letters, digits and '-', at most 63.
func (c *Client) SetClusterName(ctx context.Context, name string) error {
	return c.call(ctx, "PUT", "/cluster-name", nil, clusterName{name}, nil)
}

type clusterName struct {
	Name string `json:"name"`
}

// Diagnose asks how it is.
func (c *Client) Diagnose(ctx context.Context) (out Diagnosis, err error) {
	return out, c.call(ctx, "GET", "/diagnose", nil, nil, &out)
}
