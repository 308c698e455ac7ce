sockmeshctl bpf --help
