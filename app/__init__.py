"""What people and forges touch: webhooks, the HTTP API, pages and the command line."""
