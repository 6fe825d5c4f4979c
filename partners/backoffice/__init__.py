"""Staff pages about statements, shares, households and findings."""
