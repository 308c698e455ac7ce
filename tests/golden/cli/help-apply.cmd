sockmeshctl apply --help
