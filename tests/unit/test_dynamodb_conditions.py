"""The expression language of conditions and filters, as DynamoDB's documentation has it."""

import pytest

from tests.each_case import each_case
from tests.unit.dynamodb_asking import Asking


@pytest.fixture
def db() -> Asking:
    made = Asking()
    made.put(
        n=5, word="hello", flag=True, nothing=None, many=[1, "two", [3]], tags={"x", "y"},
        doc={"M": {"core": {"N": "7"}, "more": {"L": [{"M": {"deep": {"S": "d"}}}]}}},
        bytes={"B": "AQID"}, numbers={"NS": ["1", "2.50"]}, blobs={"BS": ["AQ=="]},
    )  # fmt: skip
    return made


@each_case(
    ("text", "expected"),
    [
        ("n = :five OR n = :six AND n = :seven", True),  # AND binds closer
        ("(n = :five OR n = :six) AND n = :seven", False),
        ("NOT n = :six AND n = :five OR n = :seven", True),  # NOT binds closest
        ("NOT (n = :six OR n = :seven) AND n = :five", True),
        ("n IN (:six, :five) AND NOT n IN (:six, :seven)", True),
        ("n BETWEEN :five AND :six AND n < :seven", True),
        ("n between :five and :six or n = :seven", True),  # keywords in small letters
        ("n>=:five AND n<=:six AND n<>:seven", True),  # without spaces
    ],
)
def test_precedence(db: Asking, text: str, expected: bool) -> None:
    used = {name: value for name, value in (("five", 5), ("six", 6), ("seven", 7)) if f":{name}" in text}
    assert db.holds(text, **used) is expected


@each_case(
    ("text", "value", "expected"),
    [
        ("attribute_exists(doc.core) AND n = :v", 5, True),
        ("attribute_exists(doc.more[0].deep) AND n = :v", 5, True),
        ("attribute_exists(doc.more[1]) OR n <> :v", 5, False),
        ("attribute_not_exists(doc.core.further) AND n = :v", 5, True),
        ("attribute_not_exists(word[0]) AND n = :v", 5, True),
        ("begins_with(word, :v)", "hell", True),
        ("begins_with(bytes, :v)", {"B": "AQI="}, True),
        ("begins_with(n, :v)", "5", False),
        ("contains(word, :v)", "ell", True),
        ("contains(tags, :v)", "x", True),
        ("contains(tags, :v)", 1, False),
        ("contains(numbers, :v)", {"N": "2.5"}, True),
        ("contains(blobs, :v)", {"B": "AQ=="}, True),
        ("contains(many, :v)", "two", True),
        ("contains(many, :v)", [3], True),
        ("contains(bytes, :v)", {"B": "AgM="}, True),
        ("attribute_type(many, :v)", "L", True),
        ("attribute_type(nothing, :v)", "NULL", True),
        ("attribute_type(absent, :v)", "S", False),
        ("size(word) = :v", 5, True),
        ("size(many) = :v", 3, True),
        ("size(tags) = :v", 2, True),
        ("size(doc) = :v", 2, True),
        ("size(bytes) = :v", 3, True),
        ("size(n) = :v", 1, False),  # a number has no size
        ("size(absent) < :v", 9, False),
        ("absent = :v", 1, False),
        ("absent <> :v", 1, True),
        ("absent < :v", 1, False),
        ("n < :v", "6", False),  # kinds differ
        ("n = :v", {"N": "5.0"}, True),  # one number, two spellings
        ("n > :v", {"N": "-50"}, True),  # numbers do not compare as text
        ("tags = :v", {"SS": ["y", "x"]}, True),  # sets have no order
        ("many[0] = :v", 1, True),
        ("many[2][0] = :v", 3, True),
    ],
)
def test_what_holds(db: Asking, text: str, value: object, expected: bool) -> None:
    assert db.holds(text, v=value) is expected


def test_attributes_of_an_unfit_kind_make_a_condition_false_and_no_error(db: Asking) -> None:
    assert not db.holds("n < doc")
    assert not db.holds("n BETWEEN many AND :v", v=9)
    assert not db.holds("n BETWEEN :v AND doc.core", v=6)
    assert not db.holds("begins_with(word, many)")


@each_case(
    ("text", "values", "words"),
    [
        ("", {}, "Invalid ConditionExpression: The expression can not be empty;"),
        ("n = :v", {}, "An expression attribute value used in expression is not defined; attribute value: :v"),
        ("attribute_exists(n)", {"v": 1}, "unused in expressions: keys: {:v}"),
        ("name = :v", {"v": 1}, "Attribute name is a reserved keyword; reserved keyword: name"),
        ("doc.Size = :v", {"v": 1}, "reserved keyword: Size"),
        ("n == :v", {"v": 1}, "Syntax error"),
        ("n = :v AND", {"v": 1}, 'Syntax error; token: "<EOF>"'),
        ("n = :v)", {"v": 1}, 'token: ")"'),
        ("(n = :v", {"v": 1}, "Syntax error"),
        ("n ! :v", {"v": 1}, 'token: "!"'),
        ("n", {}, "Syntax error"),
        ("NOT", {}, "Syntax error"),
        ("n[-1] = :v", {"v": 1}, "Syntax error"),
        ("n[x] = :v", {"v": 1}, "Syntax error"),
        ("5 = :v", {"v": 1}, "Syntax error"),
        ("((n = :v))", {"v": 1}, "The expression has redundant parentheses;"),
        ("n = :v AND ((n = :v) )", {"v": 1}, "redundant parentheses"),
        ("attribute_is(n)", {}, "Invalid function name; function: attribute_is"),
        ("Attribute_exists(n)", {}, "Invalid function name; function: Attribute_exists"),
        ("n = contains(n, :v)", {"v": 1}, "not allowed to be used this way in an expression; function: contains"),
        ("contains(n)", {}, "Incorrect number of operands for operator or function; operator or function: contains"),
        ("attribute_exists(:v)", {"v": 1}, "requires a document path; operator or function: attribute_exists"),
        ("attribute_type(n, :v)", {"v": "X"}, "Invalid attribute type name found; type: X"),
        ("attribute_type(n, :v)", {"v": 1}, "operator or function: attribute_type, operand type: N"),
        ("begins_with(n, :v)", {"v": 1}, "operator or function: begins_with, operand type: N"),
        ("size(:v) = :v", {"v": 1}, "operator or function: size, operand type: N"),
        ("n < :v", {"v": [1]}, "Incorrect operand type for operator or function; operator: <, operand type: L"),
        ("n BETWEEN :v AND :w", {"v": 2, "w": 1}, "requires upper bound to be greater than or equal to lower bound"),
        ("n BETWEEN :v AND :w", {"v": 2, "w": "3"}, "requires same data type for lower and upper bounds"),
        ("n = n", {}, "first operand must be distinct from the remaining operands"),
        ("attribute_exists(a." + ".".join("b" * 32) + ")", {}, "too many nesting elements; nesting levels: 33"),
    ],
)
def test_what_makes_no_sense_is_refused_whatever_the_item_is(
    db: Asking, text: str, values: dict[str, object], words: str
) -> None:
    for text_now in (text, f"attribute_exists(absent) AND {text}" if text.startswith("n ") else text):
        fault = db.condition_refused(text_now, **values)
        assert fault.code == "ValidationException"
        assert words in fault.message


def test_placeholders_of_names(db: Asking) -> None:
    assert db.holds("#m.#i = :v", names={"m": "doc", "i": "core"}, v=7)
    assert "attribute name: #x" in db.condition_refused("attribute_exists(#x)").message
    assert "keys: {#x}" in db.condition_refused("attribute_exists(n)", names={"x": "n"}).message
    assert not db.holds("attribute_exists(#dotted)", names={"dotted": "doc.core"})  # one name, no path


def test_how_much_an_expression_may_hold(db: Asking) -> None:
    most = {f"v{number}": number for number in range(100)}
    assert db.holds(f"n IN ({', '.join(f':{name}' for name in most)})", **most)
    fault = db.condition_refused(f"n IN ({', '.join(f':{name}' for name in most)}, :x)", x=1, **most)
    assert "too many operands; number of operands: 101" in fault.message
    assert "too many operators" in db.condition_refused(" AND ".join(["n=:v"] * 200), v=1).message
    assert "Expression size has exceeded" in db.condition_refused("n = :v" + " " * 5_000 + "AND n = :v", v=1).message


@each_case("text", ["NOT " * 1_000 + "n = :v", "(" * 2_000, "NOT (" * 250 + "n = :v" + ")" * 250])
def test_however_deep_it_is_refused_in_words(db: Asking, text: str) -> None:
    assert "too many nesting levels; the most are 100" in db.condition_refused(text, v=1).message


def test_the_deepest_that_is_taken_is_worked_out(db: Asking) -> None:
    assert db.holds("NOT (" * 50 + "n = :v" + ")" * 50, v=5)
    assert db.holds("(attribute_exists(n) AND " * 90 + "n = :v" + ")" * 90, v=5)
