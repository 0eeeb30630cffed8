"""The rows of the matrix of access are the routes of the contract, with the roles that the code declares."""

from shared.auth.caller import ADMIN, READ, SETUP
from tests.architecture.test_roles import declared
from tests.support import access_matrix as matrix
from tools.openapi.operation import WITH_KEY
from tools.openapi.routes import operations

NAMES = {"READ": READ, "SETUP": SETUP, "ADMIN": ADMIN}
LEVELS = {"partner": "FUNCTION", "operations": "ADMIN"}
OPEN = {*matrix.ANONYMOUS, matrix.OPTIONAL}
ROUTES = [
    matrix.Route(one.function.removesuffix("_entra"), one.method, one.route, LEVELS.get(one.caller, "ANONYMOUS"))
    for one in operations()
]


def let_in(credential: str, state: matrix.State) -> set[str]:
    """Return the functions that a credential opens by some route."""
    return {each.function for each in ROUTES if matrix.expected(each, credential, state).answer == "let in"}


def test_a_route_that_is_added_needs_a_row() -> None:
    """Each function with a route has one, with the role that its declaration names."""
    assert {name: NAMES[role] for name, (_, role) in declared().items()} == matrix.ROLE_OF
    assert {one.function for one in operations(entra=False) if one.caller not in WITH_KEY} == OPEN | {
        *matrix.WITH_SECRET
    }
    assert set(matrix.USES_A_MAILBOX) <= matrix.ROLE_OF.keys()


def test_the_matrix_opens_nothing_to_unrecognized_callers() -> None:
    """In every state; a token that is refused does not even read the version."""
    for state in matrix.STATES:
        for credential in ("no credential", "wrong key"):
            assert let_in(credential, state) == OPEN
        for credential in (*matrix.REFUSED_TOKENS, "token without a role"):
            assert let_in(credential, state) == set(matrix.ANONYMOUS)


def test_the_matrix_opens_a_stopped_relay_to_administrators_only() -> None:
    """Everybody else reads the health checks; administrators reach no function that would use a mailbox."""
    for credential in (READ, SETUP, "function key"):
        assert let_in(credential, "stopped") == OPEN | {"health_checks"}
    assert let_in("master key", "stopped") == OPEN | {"health_checks", *matrix.ROLES[ADMIN]}
    assert let_in(ADMIN, "stopped") == OPEN | matrix.ROLE_OF.keys() - set(matrix.USES_A_MAILBOX)


def test_the_host_decides_about_keys_alone() -> None:
    """What the host decides is 401, at routes for keys."""
    for route in ROUTES:
        cells = [matrix.expected(route, who, state) for who in matrix.CREDENTIALS for state in matrix.STATES]
        answers = {cell.answer for cell in cells if cell.by_host}
        is_decided_here = route.by_token or route.function in {*OPEN, *matrix.WITH_SECRET}
        assert answers == (set() if is_decided_here else {"401"})
