sockmeshctl completion --help
