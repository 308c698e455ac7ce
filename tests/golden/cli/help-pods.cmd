sockmeshctl pods --help
