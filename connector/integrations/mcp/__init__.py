"""A connector as a server of the Model Context Protocol: its actions are the tools of an agent."""
