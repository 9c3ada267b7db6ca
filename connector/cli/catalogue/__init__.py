"""Actions and triggers as a person looks at them: lists, and one in detail."""
