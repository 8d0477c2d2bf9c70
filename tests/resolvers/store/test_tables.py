from resolvers.store.tables import metadata


def test_what_belongs_to_a_run_is_found_by_its_key_when_the_run_is_deleted() -> None:
    keys = [(table, key) for table in metadata.tables.values() for key in table.foreign_key_constraints]
    assert keys
    for table, key in keys:
        names = [column.name for column in key.columns]
        assert [column.name for column in table.primary_key.columns][: len(names)] == names
        assert key.ondelete == "CASCADE"
