sockmeshctl log-level --help
