sockmeshd --help
