"""Staff views. The app config asks for `partners.view_backoffice` before each."""
