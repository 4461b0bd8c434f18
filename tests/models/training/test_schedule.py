"""How fast a training learns."""

from models.training.schedule import Schedule


def test_the_rate_rises_then_falls_to_a_hundredth() -> None:
    schedule = Schedule(steps=1000, rate=0.01, warmup=100)
    rates = [schedule.rate_at(step) for step in range(1001)]
    assert rates[0] == 0.0001
    assert max(rates) == rates[100] == 0.01
    assert rates[99:] == sorted(rates[99:], reverse=True)
    assert abs(rates[-1] - 0.0001) < 1e-9
