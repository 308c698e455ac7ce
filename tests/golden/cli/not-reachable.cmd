sockmeshctl --socket /nonexistent/admin.sock status
