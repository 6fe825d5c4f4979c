"""Dates as they are said: 3月2日, where Django would write 03月2日."""

MONTH_DAY_FORMAT = "n月j日"
