"""What the admin's start page asks the layers above `staff`: name -> a callable.

`stored_per_minute(minutes, tenant_id)` and `open_letters(tenant_id)` are asked for one school or,
with None, for all; `lag()` and `is_consumed()` have no school. Each may raise: the page then says that it is not known.
"""

START_PAGE_FIGURES = {
    "stored_per_minute": "conversations.cache.stored_per_minute",
    "open_letters": "consumers.letters.counting.open_letters",
    "lag": "consumers.lag_figure.total_lag",
    "is_consumed": "consumers.lag_figure.is_consumed",
}
START_PAGE_SECONDS = 1.5
