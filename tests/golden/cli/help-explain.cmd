sockmeshctl explain --help
