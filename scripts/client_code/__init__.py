"""Python code of the client from the OpenAPI document: models, calls, methods (`make_client`)."""
