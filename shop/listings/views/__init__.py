"""The faces of listings: the assistant's desk and the farmer's page."""
