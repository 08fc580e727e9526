"""Student's t distribution, for whole and fractional degrees of freedom.

Whole degrees: the finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd) and 26.7.4
(even): exact, no table and no library. Above 200 degrees the asymptotic expansion 26.7.5 takes over; its error there is
below 1e-8. Fractional degrees come from Welch and Satterthwaite: the distribution function is a regularised incomplete
beta function (26.7.1), computed by its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22) with
Lentz's method as modified by Thompson and Barnett ("Coulomb and Bessel functions of complex arguments and order",
Journal of Computational Physics 64, 1986).
"""

import math
from functools import lru_cache
from statistics import NormalDist

_SERIES_UP_TO = 200
_BISECTIONS = 60  # of the interval (0, pi/2): far below the spacing of floats near the answer
_TERMS = 400  # of the continued fraction: about sqrt(degrees) are needed
_NEWTON_STEPS = 60
_TINY = 1e-300
_NORMAL_ABOVE = 1e8  # degrees of freedom from which on gamma functions lose more digits than the normal is off


@lru_cache(maxsize=4096)
def t_quantile(probability: float, *, degrees: float) -> float:
    """The t below which `probability` (0.5 to 1, exclusive at 1) of Student's distribution lies.

    Raises ValueError for any other probability, or for less than one degree of freedom.
    """
    if not 0.5 <= probability < 1 or not degrees >= 1:
        raise ValueError(f"no quantile {probability} with {degrees} degrees of freedom")
    if degrees > _SERIES_UP_TO:
        return _expansion(NormalDist().inv_cdf(probability), degrees)
    return _newton(probability, degrees) if degrees % 1 else _bisection(2 * probability - 1, int(degrees))


def two_sided(t: float, *, degrees: float) -> float:
    """P(|T| >= |t|): Abramowitz and Stegun 26.7.1, as I_x(degrees/2, 1/2) with x = degrees / (degrees + t²).

    An infinite t gives 0. Raises ValueError for less than one degree of freedom or a t that is no number.
    """
    if math.isnan(t) or not degrees >= 1:
        raise ValueError(f"no probability of t = {t} with {degrees} degrees of freedom")
    if math.isinf(t):
        return 0.0
    if degrees > _NORMAL_ABOVE:
        return math.erfc(abs(t) / math.sqrt(2))
    share = t * t / degrees
    return _incomplete_beta(1 / (1 + share), share / (1 + share), degrees / 2, 0.5)


def _bisection(inside: float, degrees: int) -> float:
    low, high = 0.0, math.pi / 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < inside else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(degrees)


def _within(theta: float, degrees: int) -> float:
    """P(|T| < sqrt(degrees) * tan(theta)), 26.7.3 and 26.7.4."""
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (theta + sine * total) if odd else sine * total


def _expansion(x: float, degrees: float) -> float:
    """26.7.5: from the normal quantile `x` to that of t."""
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92_160,
    )
    return x + math.fsum(term / float(degrees) ** (power + 1) for power, term in enumerate(terms))


def _newton(probability: float, degrees: float) -> float:
    """Right of 0 the distribution function is concave, so from the normal's quantile (which lies below that of t)
    Newton's steps grow towards the answer and never pass it.
    """
    t = NormalDist().inv_cdf(probability)
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - math.log(degrees * math.pi) / 2
    for _ in range(_NEWTON_STEPS):
        density = math.exp(constant - (degrees + 1) / 2 * math.log1p(t * t / degrees))
        step = (two_sided(t, degrees=degrees) / 2 - (1 - probability)) / density
        t += step
        if abs(step) <= 1e-13 * abs(t):
            break
    return t


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """I_x(a, b), with `rest` = 1 - x given apart so that no digits are lost. DLMF 8.17.4 for the quicker side."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    if x < (a + 1) / (a + b + 2):
        return front / a * _fraction(x, a, b)
    return 1 - front / b * _fraction(rest, b, a)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22, by the modified Lentz method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
