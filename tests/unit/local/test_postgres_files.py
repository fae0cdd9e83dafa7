from local.postgres_files import let_owner_in


def test_a_folder_that_is_opened_to_another_user_is_told_once(tmp_path):
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    closed.chmod(0o700)
    assert closed in let_owner_in(data)
    assert closed.stat().st_mode & 0o777 == 0o701
    assert let_owner_in(data) == []
