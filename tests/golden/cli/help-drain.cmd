sockmeshctl drain --help
