sockmeshctl validate --help
