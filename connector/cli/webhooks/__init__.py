"""What commands and pages know of a trigger: its secrets, its inbox, and why it refuses a delivery."""
