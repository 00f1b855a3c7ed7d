package store_test

import (
	"os"
	"testing"

	"ringside/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
