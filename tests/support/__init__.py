"""What several tests share: servers, processes, fixtures made in code."""
