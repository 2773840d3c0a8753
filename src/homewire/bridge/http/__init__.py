"""The HTTP output: API, events, metrics page and dashboard.

`server` listens; `gate` lets in who may come in; `app` puts the routes together; `problems` turns errors
into problem+json. docs/http-api.md is the contract.
"""
