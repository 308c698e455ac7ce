sockmeshctl validate tests/golden/cli/bad.yaml
