"""The one list widget, and what a screen needs to fill it."""

from tillgate.ui.widgets.data_table.columns import (
    Column,
    Place,
    count_column,
    day_column,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.data_table.filter_bar import Choice, ChoiceFilter, DayFilter
from tillgate.ui.widgets.data_table.query import Query, Sort
from tillgate.ui.widgets.data_table.saved import MemoryViews, SavedView, SavedViews
from tillgate.ui.widgets.data_table.source import KeysetSource, ListSource, Summary, TableSource
from tillgate.ui.widgets.data_table.table import DataTable, EmptyText
from tillgate.ui.widgets.days import DayRange, Preset, preset_range

__all__ = [
    "Choice",
    "ChoiceFilter",
    "Column",
    "DataTable",
    "DayFilter",
    "DayRange",
    "EmptyText",
    "KeysetSource",
    "ListSource",
    "MemoryViews",
    "Place",
    "Preset",
    "Query",
    "SavedView",
    "SavedViews",
    "Sort",
    "Summary",
    "TableSource",
    "count_column",
    "day_column",
    "instant_column",
    "money_column",
    "preset_range",
    "status_column",
    "text_column",
]
