.PHONY: build test fast demo
build:
	go build -trimpath -o bin/ ./cmd/...
test:
	install/test.sh
fast:
	install/test.sh --fast
demo:
	install/demo.sh
