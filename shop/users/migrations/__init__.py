"""Migrations of the user model, and what Oscar does in the middle of them.

Oscar's `customer.0008_assign_permissions_to_staff` asks `get_user_model()`, the model
as it is today, while the table may still be as 0001 made it. It reads only `id`,
`is_staff` and `is_superuser` and writes the table of `groups`, so columns may be added
later without care. A migration that renames the table or touches one of those four
must say `run_before = [("customer", "0008_assign_permissions_to_staff")]`; a test
(`tests/shop/users/test_migrations.py`) watches it.
"""
