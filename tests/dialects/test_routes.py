"""Routes, which are made for being found."""

from flask import Flask, url_for


def test_a_url_is_built_when_somebody_asks_for_it(sample: Flask) -> None:
    rules = [rule for rule in sample.url_map.iter_rules() if not rule.arguments]
    with sample.test_request_context():
        assert rules and {url_for(rule.endpoint) for rule in rules} <= {rule.rule for rule in rules}
        assert url_for("phantom:api.list_records", name="a b", page=2) == "/api/a%20b?page=2"
