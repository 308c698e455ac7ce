sockmeshctl uninstall --help
