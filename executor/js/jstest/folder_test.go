package jstest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/js/jstest"
	"github.com/kici-dev/kici-go/executor/js/std/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLanguage(t *testing.T) {
	t.Parallel()
	jstest.Folder(t, web.Modules(nil), "testdata/js")
}
