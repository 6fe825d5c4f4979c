"""Addresses of supermarkets' managers, of households and of the public board."""

from django.urls import path

from partners.views import board, household, manager

app_name = "partners"
urlpatterns = [
    path("supermarket/", manager.supermarkets, name="supermarkets"),
    path(
        "supermarket/template.<str:kind>",
        manager.statement_template,
        name="statement_template",
    ),
    path("supermarket/<int:pk>/", manager.supermarket, name="supermarket"),
    path("supermarket/<int:pk>/upload/", manager.upload, name="new_upload"),
    path(
        "supermarket/<int:pk>/uploads/<int:upload>/",
        manager.checked_upload,
        name="upload",
    ),
    path(
        "supermarket/<int:pk>/uploads/<int:upload>/file/",
        manager.file_upload,
        name="file_upload",
    ),
    path(
        "supermarket/<int:pk>/statements/<int:statement>/",
        manager.statement,
        name="statement",
    ),
    path(
        "supermarket/<int:pk>/statements/<int:statement>/original/",
        manager.statement_file,
        name="statement_file",
    ),
    path("household/", household.own, name="own_household"),
    path("household/<str:token>/", household.household, name="household"),
    path("household/<str:token>/<str:number>/", household.answer, name="answer"),
    path("board/", board.board, name="board"),
    path("board/<int:year>-<int:month>/", board.board, name="board_month"),
    path("board/<int:year>-<int:month>/export.csv", board.export, name="export"),
    path(
        "board/<int:year>-<int:month>/townships/<str:code>/",
        board.township,
        name="board_township",
    ),
    path(
        "board/<int:year>-<int:month>/supermarkets/<int:pk>/",
        board.supermarket,
        name="board_supermarket",
    ),
    path("board/receipts/<str:number>/", board.receipt, name="receipt"),
    path("board/photos/<int:pk>-<str:size>.webp", board.photo, name="photo"),
]
