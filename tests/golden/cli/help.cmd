sockmeshctl --help
