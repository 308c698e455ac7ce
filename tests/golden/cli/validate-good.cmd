sockmeshctl validate tests/golden/cli/good.yaml
