sockmeshctl delete --help
