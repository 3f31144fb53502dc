"""The service: ranked carousels over HTTP. Read ``recsvc/app.py`` first."""
