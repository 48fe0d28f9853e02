package kici_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// The handler can be mounted anywhere in a program's own server. Agents then dial
// ws://…/ci/ws and forges post to …/ci/webhook/….
func ExampleOrchestrator_Handler() {
	house := startHouse(exampleWorkflow)
	defer house.stop()

	mux := http.NewServeMux()
	mux.Handle("/ci/", http.StripPrefix("/ci", house.orch.Handler()))
	server := httptest.NewServer(mux)
	defer server.Close()

	<-house.orch.Ready()
	answer, err := http.Get(server.URL + "/ci/ready")
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	fmt.Println(answer.StatusCode, string(body))
	// Output: 200 {"status":"ready"}
}
