sockmeshctl validate -o json tests/golden/cli/good.yaml
