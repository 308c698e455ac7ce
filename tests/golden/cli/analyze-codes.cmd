sockmeshctl analyze tests/golden/cli/analysed
