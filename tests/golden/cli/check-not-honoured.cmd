sockmeshd --check --config tests/golden/cli/not-honoured.node.yaml
