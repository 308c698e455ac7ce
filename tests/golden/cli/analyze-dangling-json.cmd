sockmeshctl analyze -o json tests/golden/cli/dangling
