sockmeshd --congif node.yaml
