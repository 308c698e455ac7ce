sockmeshctl doctor --help
