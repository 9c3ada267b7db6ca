"""Workflow engines under one contract: each is started, given work and searched for secrets in the same way."""
