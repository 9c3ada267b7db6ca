"""A chain is checked whole before its first call: every mistake at its line, and nothing that is right is refused."""

from __future__ import annotations

import pytest

from connector.core.chain.checks import find_problems
from connector.core.chain.form import ChainReader, is_chain
from connector.core.exchange.plan import CompiledConnector
from connector.definition.parsers import strict_yaml

USER = "  user: {action: createUser, inputs: {email: nora@example.com, firstName: Nora, lastName: Lind, userType: 1}}\n"


@pytest.fixture
def find(zoom):
    """Return the sentences of everything that is wrong with a chain, and their lines."""

    def read(text, **env):
        document = strict_yaml.read(text.encode(), "chain.yaml")
        reader = ChainReader(document, env.get)
        chain = reader.read()
        told = [(finding.line, finding.message) for finding in reader.findings]
        problems = find_problems(chain, zoom.derive(CompiledConnector))
        return sorted(told + [(document.find_position(path, key=True).line, message) for path, message in problems])

    return read


def only(found):
    assert len(found) == 1, found
    return found[0]


def test_a_chain_that_is_right_has_no_findings(find):
    text = f"""inputs: {{topics: [One, Two], email: {{env: EMAIL}}}}
steps:
{USER}
  meetings:
    each: {{from: inputs, query: topics}}
    concurrency: 2
    action: createMeeting
    inputs: {{userId: {{from: user, query: id}}, topic: {{from: each}}, scheduleFor: {{from: inputs, query: email}}}}
    timeout: 10s
  again:
    each: {{from: meetings}}
    action: getMeeting
    inputs: {{meetingId: {{from: each, query: id}}}}
keep:
  link: {{from: meetings, query: "[0].join_url"}}
  user: {{from: user}}
"""
    assert find(text, EMAIL="nora@example.com") == []


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("x: {action: getUser, inputs: {userId: {from: usr, query: id}}}", "Did you mean 'user'?"),
        ("x: {action: getUser, inputs: {userId: {from: x, query: id}}}", "comes later"),
        ("x: {action: getUser, inputs: {userId: {from: each}}}", "There is no 'each'"),
        ("x: {action: getUser, inputs: {userId: {from: user, query: 'id['}}}", "not a JMESPath expression"),
        ("x: {action: getUser, inputs: {userId: {from: user, query: 3}}}", "as a text"),
        ("x: {action: getUser, inputs: {userId: {from: user, qeury: id}}}", "Did you mean 'query'?"),
        ("x: {action: getUser, inputs: {userId: '{{ user.id }}'}}", "take the value with {from: user,"),
        ("x: {action: getUser, inputs: {userId: 'a-${user.id}'}}", "${user.id} would be sent as it stands"),
        ("x: {action: getUser, inputs: {userId: {from: user, query: identity}}}", "selects nothing in the example"),
        ("x: {action: getUser, inputs: {userId: {from: user}}}", "is a mapping; expected a value of the type string"),
        ("x: {action: getUsr, inputs: {userId: me}}", "Did you mean"),
        ("x: {action: getUser}", "it is required"),
        ("x: {action: getUser, inputs: {userId: me, colour: red}}", "unknown input"),
        ("x: {action: getUser, inputs: {userId: me}, concurrency: 2}", "no effect without `each`"),
        ("x: {action: getUser, inputs: {userId: me}, each: 3}", "`each` is a list"),
        ("x: {action: getUser, inputs: {userId: me}, each: {from: user, query: id}}", "is a text"),
        ("x: {action: getUser, inputs: {userId: me}, each: [1], concurrency: 0}", "whole number from 1"),
        ("x: {action: getUser, inputs: {userId: {env: NOBODY}}}", "The variable NOBODY is not set"),
        ("x: {action: getUser, inputs: [me]}", "`inputs` must be a mapping"),
        ("x: {acton: getUser}", "Did you mean 'action'?"),
        ("x: getUser", "expected a step"),
        ("each: {action: getUser, inputs: {userId: me}}", "cannot name a step"),
    ],
)
def test_a_mistake_in_a_step_is_told_at_its_line(find, step, told):
    found = find(f"steps:\n{USER}  {step}\n")
    assert any(line == 3 and told in message for line, message in found), found


def test_a_number_cannot_be_a_text_that_is_none(find):
    step = "x: {action: createMeeting, inputs: {userId: me, duration: {from: user, query: first_name}}}"
    assert "expected a value of the type integer" in only(find(f"steps:\n{USER}  {step}\n"))[1]


def test_a_field_that_the_schema_alone_has_is_right(find):
    step = "x: {action: getUser, inputs: {userId: {from: found, query: 'users[0].dept'}}}"
    assert find(f"steps:\n  found: {{action: listUsers}}\n  {step}\n") == []


def test_inputs_that_nothing_takes_are_told(find):
    assert "no effect" in only(find(f"inputs: {{a: 1}}\nsteps:\n{USER}"))[1]


def test_what_is_kept_must_exist(find):
    found = find(f"steps:\n{USER}keep:\n  a: {{from: user, query: links}}\n  b: 3\n  c: {{from: nobody}}\n")
    assert [line for line, _ in found] == [4, 5, 6]


def test_a_file_without_steps_and_a_keep_without_values_are_told(find):
    assert "at least one step" in only(find("steps: {}\n"))[1]
    assert "at least one value" in only(find(f"steps:\n{USER}keep: {{}}\n"))[1]


def test_all_mistakes_are_told_at_once(find):
    found = find(f"steps:\n{USER}  a: {{action: nothing}}\n  b: {{action: getUser}}\nkeep: {{c: {{from: d}}}}\n")
    assert [line for line, _ in found] == [3, 4, 5]


def test_a_call_is_no_chain():
    assert is_chain({"steps": {}})
    assert not is_chain({"action": "getUser"})
    assert not is_chain([{"steps": {}}])


FOUND = "  found: {action: listUsers}\n"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("x: {action: getUser, inputs: {userId: {from: user, query: 'length(type)'}}}", "does not fit the reply"),
        ("x: {action: getUser, inputs: {userId: {from: user, query: 'id.first'}}}", "selects nothing"),
        ("x: {action: getUser, inputs: {userId: {from: found, query: 'users.id'}}}", "selects nothing"),
        ("x: {action: getUser, inputs: {userId: {from: found, query: users}}}", "is a list"),
        ("x: {action: getUser, inputs: {userId: {from: each, query: idd}}, each: {from: found, query: users}}", "'id'"),
        ("x: {action: getUser, inputs: {userId: me}, each: {from: found, query: userz}}", "Did you mean 'users'?"),
        ("x: {action: getUser, inputs: {userId: me, nothing: {from: user, query: id}}}", "unknown input"),
        ("x: {action: getUser, inputs: {userId: {from: all}}}", "is a list"),
    ],
)
def test_a_value_that_no_reply_can_have_is_told(find, step, told):
    every = "  all: {action: getUser, inputs: {userId: {from: each}}, each: [a, b]}\n"
    found = find(f"steps:\n{USER}{FOUND}{every}  {step}\n")
    assert any(line == 5 and told in message for line, message in found), found


@pytest.mark.parametrize(
    "step",
    [
        "x: {action: getUser, inputs: {userId: {from: user, query: 'not_null(nickname, id)'}}}",
        "x: {action: getUser, inputs: {userId: {from: found, query: \"users[?dept == 'Sales'] | [0].id\"}}}",
        "x: {action: getUser, inputs: {userId: {from: each, query: id}}, each: {from: found, query: users}}",
        "x: {action: getUser, inputs: {userId: {from: each}}, each: []}",
        "x: {action: getUser, inputs: {userId: {from: each}}, each: [{from: user, query: id}, me]}",
        "x: {action: createMeeting, inputs: {userId: me, duration: {from: user, query: type}}}",
        "x: {action: createMeeting, inputs: {userId: me, settingsExtraFields: {a: {from: user, query: id}}}}",
    ],
)
def test_a_value_that_a_reply_may_have_is_right(find, step):
    assert find(f"steps:\n{USER}{FOUND}  {step}\n") == []


def test_of_a_reply_that_nothing_describes_nothing_is_said(find):
    first = "  gone: {action: rawRequest, inputs: {method: GET, url: /users/me}}\n"
    step = "x: {action: getUser, inputs: {userId: {from: gone, query: a.b}}, each: {from: gone, query: c}}"
    assert find(f"steps:\n{first}  {step}\n") == []


def test_a_text_that_is_a_number_can_be_one(find):
    text = "inputs: {a: '30', b: many}\nsteps:\n  x: {action: createMeeting, inputs: {userId: me, duration: "
    assert find(f"{text}{{from: inputs, query: a}}}}}}\n") == []
    assert "a text" in only(find(f"{text}{{from: inputs, query: b}}}}}}\n"))[1]


def test_the_schema_says_what_a_value_is_where_the_example_lacks_it(find):
    user = "steps:\n  user: {action: getUser, inputs: {userId: me}}\n"
    each = "  all: {each: {from: user, query: license_info_list}, action: getUser, inputs: {userId: me}}\n"
    assert find(user + each) == []
    meeting = "  one: {action: createMeeting, inputs: {userId: me, topic: {from: user, query: division_ids}}}\n"
    assert only(find(user + meeting)) == (
        3,
        "topic: division_ids of user is a list; expected a value of the type string.",
    )
    webinar = "steps:\n  webinar: {action: getWebinar, inputs: {webinarId: '5'}}\n"
    each = "  all: {each: {from: webinar, query: simulive_delay_start}, action: getUser, inputs: {userId: me}}\n"
    assert only(find(webinar + each)) == (3, "`each` is a list, and simulive_delay_start of webinar is a mapping.")
