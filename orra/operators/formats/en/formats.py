"""Moments as an operator reads them beside a log. Django looks for them here: ``FORMAT_MODULE_PATH``."""

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i:s"
