sockmeshctl analyze --help
