"""Facts of HTTP that several modules need: method sets and default ports."""

BODY_METHODS = ("POST", "PUT", "PATCH")
NON_IDEMPOTENT_METHODS = ("POST", "PATCH")  # sending one twice may do the thing twice
LENGTH_METHODS = ("POST", "PUT", "PATCH")  # a request of these without a body states a length of 0
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_PORT = 65_535
