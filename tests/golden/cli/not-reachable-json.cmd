sockmeshctl --socket /nonexistent/admin.sock pods -o json
