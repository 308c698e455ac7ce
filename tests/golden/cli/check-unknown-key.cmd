sockmeshd --check --config tests/golden/cli/unknown-key.node.yaml
