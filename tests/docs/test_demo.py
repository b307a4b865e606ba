"""The demo runs to its end, with its daemon killed on the way. A toy stands in for
scikit-learn, so that nothing is downloaded and no time is spent on training."""
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "docs/demo"))
PROGRAMS = pathlib.Path(os.environ.get("KRIGED_BIN", CHECKOUT / "build/release/bin/kriged")).parent

TOY = {
    "__init__": "",
    "datasets": "def load_digits(return_X_y): return [], []\n",
    "ensemble": "import types\n"
                "def HistGradientBoostingClassifier(**k): return types.SimpleNamespace(**k)\n",
    "model_selection":
        "import math, time\n"
        "def StratifiedKFold(*a, **k): return None\n"
        "class Scores(list):\n"
        "    def mean(self): return sum(self) / len(self)\n"
        "def cross_val_score(model, x, y, cv, scoring):\n"
        "    time.sleep(0.05)\n"
        "    rate = getattr(model, 'learning_rate', 0.5)\n"
        "    return Scores([-0.1 - math.log10(rate / 0.1) ** 2])\n",
}


def test_curve():
    import curve
    assert curve.best_so_far([3, None, 2, 5]) == [3, 3, 2, 2]
    lines = curve.draw({"o": ("one", curve.best_so_far([None, 4, 1])), "-": ("two", [2, 2, 2])})
    assert "4.0000" in lines[0] and "1.0000" in lines[curve.HEIGHT - 1]
    assert "o" in lines[0] and lines[curve.HEIGHT - 1].endswith("o")
    assert lines[-1].split() == ["o", "one", "-", "two"]
    assert len({len(line) for line in lines if "+--" in line}) == 1
    curve.draw({"o": ("flat", [1.0])})


def test_demo(tmp_path):
    if not os.access(PROGRAMS / "krige", os.X_OK) or not os.access(PROGRAMS / "kriged", os.X_OK):
        pytest.skip("kriged is not built: ./dev build")
    (tmp_path / "sklearn").mkdir()
    for name, text in TOY.items():
        (tmp_path / "sklearn" / f"{name}.py").write_text(text)
    environment = dict(os.environ, PYTHONPATH=str(tmp_path), DEMO_TRIALS="8",
                       DEMO_FOLDER=str(tmp_path / "demo"), KRIGED_BIN=str(PROGRAMS / "kriged"))
    demo = subprocess.Popen([sys.executable, str(CHECKOUT / "docs/demo/demo.py")],
                            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    said, pid = "", None
    for line in demo.stdout:
        said += line
        pid = pid or (re.search(r"kill -9 (\d+)", line) or [None, None])[1]
        if line.startswith("trial 3:"):
            os.kill(int(pid), signal.SIGKILL)
    assert demo.wait() == 0, said
    demo.stdout.close()
    assert len(re.findall(r"^trial \d+: log_loss .* best ", said, re.M)) == 8, said
    assert "starting it again on the same file" in said
    assert re.search(r"kriged +\(\d+ trees, 8 trials\) +0\.1\d+ ", said), said
    assert "krige best digits" in said and "8 trials" in said
    assert (tmp_path / "demo" / "kriged.db").exists()
