"""What people see in a browser: pages that explain, drawn by the server, and the login before them.

`room` puts them together; each page is a module with its blueprint, and its view values beside it. Nothing is worked
out in a template: a page reads what the API reads (`app.http.schemas`, `State`), makes values of it, and hands those
over.
"""
