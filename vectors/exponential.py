"""Writes exponential.json: the samples of exponential delays for given random bytes.

    python3 vectors/exponential.py > vectors/exponential.json

Computed with mpmath at 400 bits from the definition alone: U = (k | 1) / 2^128 where k is the 16 random bytes as a
little-endian integer, and the sample is -ln(U) / lambda. It shares no fixed-point arithmetic with the Rust code.
"""

import json
import math
import random

from mpmath import ceil, floor, log, mp, mpf

mp.prec = 400
CAP = -log(mpf(1e-12))
RATES = [0.005, 0.001, 0.0005, 0.25, 1.0, 10.0, 1e-9, 0.123456, 2.0**-57, 3e-7, 1e-18, 7.5e-5]


def test(k, rate):
    nats = -log(mpf(k | 1) / mpf(2) ** 128)
    millis = nats / mpf(rate)
    nanos = millis * 1_000_000
    # The sampler is exact to 2^-60 in -ln U and to one part in 2^61. Samples that are so close to an integer are left out.
    for x, unit in ((millis, 1), (nanos, 1_000_000)):
        if min(ceil(x) - x, x - floor(x)) < mpf(2) ** -59 * (unit / mpf(rate) + x) and floor(x) > 0:
            return None
    cap = int(ceil(CAP / mpf(rate)))
    top = 2**64 - 1
    return {
        "random": k.to_bytes(16, "little").hex(),
        "nats_q96": str(int(floor(nats * mpf(2) ** 96))),
        "lambda": rate,
        "millis": str(min(int(floor(millis)), top)),
        "nanos": str(min(int(floor(nanos)), top)),
        "hop_delay": min(int(floor(millis)) + 1, cap, 2**32 - 1),
    }


def draws():
    rng = random.Random(20261122)
    yield from (0, 1, 2, 3, 2**64 - 1, 2**64, 2**64 + 1, 2**127 - 1, 2**127, 2**127 + 1, 2**128 - 1, 2**128 - 2)
    for zeros in range(128):  # every count of leading zeros, both ends and the middle of its range
        yield 2 ** (127 - zeros)
        yield 2 ** (128 - zeros) - 1
        yield rng.getrandbits(128 - zeros) | 2 ** (127 - zeros)
    for cell in range(1, 16):  # both sides of every boundary of sixteenths
        for step in (-1, 0, 1, 2**63, -(2**63)):
            yield ((16 + cell) << 123) + step
    for _ in range(500):
        yield rng.getrandbits(128)


rates = random.Random(7)
tests = [t for k in draws() if (t := test(k, rates.choice(RATES)))]
print(json.dumps({"about": "exponential samples of a rate per millisecond for given random bytes (exponential.py)", "tests": tests}, indent=1))
