"""Actions are found by their words and listed by groups; thousands too."""

from __future__ import annotations


def test_words_find_an_action(visitor):
    seen = visitor.get("/actions", q="create meet")
    assert "Create Meeting" in seen.text
    assert "List Users" not in seen.text


def test_actions_stand_in_groups(visitor):
    seen = visitor.get("/actions")
    assert "<h2>meeting" in seen.html
    assert 'href="/actions/createMeeting"' in seen.html


def test_what_a_long_list_leaves_out_is_told(visit, folder, tmp_path):
    text = "action: lamp{0}\nlabel: Lamp {0}\nsummary: Read a lamp.\nrequest: GET /lamps/{0}\n"
    folder(actions={f"lamp{number}": text.format(number) for number in range(103)})
    visitor = visit(tmp_path)
    seen = visitor.get("/actions", q="lamp")
    assert "103 of 103 actions." in seen.text
    assert seen.html.count('href="/actions/lamp') == 100
    assert "3 more are not shown; enter more words." in seen.text


def test_a_connector_without_actions_says_so(visit, folder, tmp_path):
    folder()
    assert "0 actions." in visit(tmp_path).get("/actions").text
