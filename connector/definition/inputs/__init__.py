"""What inputs have in common: groups with rules, words shared by actions, and named types."""
