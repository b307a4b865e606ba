"""Best-so-far curves in a terminal, in plain ASCII."""
import math

WIDTH, HEIGHT = 64, 14


def best_so_far(values):
    """The smallest value up to each point; None counts as no value."""
    best, curve = math.inf, []
    for value in values:
        best = min(best, math.inf if value is None else value)
        curve.append(best)
    return curve


def draw(curves):
    """Lines of a chart. curves: {mark: (label, [positive values])}, log scale."""
    shown = [v for _, curve in curves.values() for v in curve if math.isfinite(v)]
    low, high = math.log(min(shown)), math.log(max(shown))
    high = max(high, low + 1e-9)
    n = max(len(curve) for _, curve in curves.values())
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for mark, (_, curve) in curves.items():
        for column in range(WIDTH):
            value = curve[min(len(curve) - 1, column * n // WIDTH)]
            if math.isfinite(value):
                row = round((high - math.log(value)) / (high - low) * (HEIGHT - 1))
                grid[row][column] = mark
    lines = []
    for row, cells in enumerate(grid):
        value = math.exp(high - (high - low) * row / (HEIGHT - 1))
        label = f"{value:8.4f}" if row in (0, HEIGHT // 2, HEIGHT - 1) else " " * 8
        lines.append(f"{label} |{''.join(cells).rstrip()}")
    lines.append(" " * 9 + "+" + "-" * WIDTH)
    lines.append(" " * 10 + "1" + f"{n} trials".rjust(WIDTH - 1))
    lines.append(" " * 10 + "   ".join(f"{mark} {label}" for mark, (label, _) in curves.items()))
    return lines
