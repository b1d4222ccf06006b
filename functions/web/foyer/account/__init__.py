"""The account page. Imported only when AccountPage is on."""
