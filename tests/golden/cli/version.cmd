sockmeshctl version -o json
