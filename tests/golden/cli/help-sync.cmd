sockmeshctl sync --help
