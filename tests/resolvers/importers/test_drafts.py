from resolvers.importers.drafts import DocumentError, Places, Problem


def test_a_field_stands_under_its_own_name_unless_said_otherwise() -> None:
    places = Places(root=("input", "document"), words={"trades.exitTime": ("exit_date",), "tests": ()})
    assert places.of("metrics.winRate") == ("input", "document", "metrics", "winRate")
    assert places.of_row("trades", 3, "exitTime") == ("input", "document", "trades", "3", "exit_date")
    assert places.of_row("tests", 3, "id") == ("input", "document", "3", "id")


def test_a_point_stands_in_times_or_values_unless_said_otherwise() -> None:
    places = Places(points={"drawdownCurve": lambda index, part: (str(index), part[0])})
    assert places.of_point("equityCurve", 2, "times") == ("input", "equityCurve", "times", "2")
    assert places.of_point("drawdownCurve", 2, "values") == ("input", "drawdownCurve", "2", "v")


def test_an_error_says_all_its_problems() -> None:
    error = DocumentError(Problem("No symbol.", ("symbol",)), Problem("No strategy.", ("strategy",)))
    assert str(error) == "No symbol.; No strategy."
    assert len(error.problems) == 2
