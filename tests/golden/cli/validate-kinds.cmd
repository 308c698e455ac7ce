sockmeshctl validate tests/golden/cli/kinds.yaml
