sockmeshctl status --help
