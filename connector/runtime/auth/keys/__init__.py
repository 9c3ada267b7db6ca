"""Keys of connections: their forms, the certificates of TLS, and what is signed with them."""
