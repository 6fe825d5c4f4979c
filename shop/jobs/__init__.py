"""Jobs that broke: a row each, for people to see and to start again."""
