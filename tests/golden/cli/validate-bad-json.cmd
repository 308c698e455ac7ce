sockmeshctl validate -o json tests/golden/cli/bad.yaml
