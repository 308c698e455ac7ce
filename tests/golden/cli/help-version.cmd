sockmeshctl version --help
