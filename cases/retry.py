"""How long to wait before something that failed is tried again."""

import random


def retry_wait_s(failures: int, first_s: float, longest_s: float, chance: random.Random) -> float:
    """Seconds: ``first_s`` where there was no failure before this one, doubled with each, ``longest_s`` at most; of
    that between half and all, so that what failed together does not come back together.
    """
    return min(longest_s, first_s * 2.0 ** min(failures, 30)) * chance.uniform(0.5, 1.0)
