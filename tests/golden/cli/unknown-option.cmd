sockmeshctl pods --wiat 3
