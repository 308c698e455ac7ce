sockmeshctl analyze tests/golden/cli/dangling
