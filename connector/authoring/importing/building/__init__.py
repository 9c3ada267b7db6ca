"""What an import writes: actions, connections, the manifest and schemas, each made of what a description says."""
