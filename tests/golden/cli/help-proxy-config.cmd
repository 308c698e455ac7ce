sockmeshctl proxy-config --help
