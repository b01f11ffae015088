"""The benchmarks run; no time is judged."""

from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]


def test_bench_runs(capsys, monkeypatch):
    import bench

    monkeypatch.setattr("many.START", "spawn")  # what --quick sets is put back
    before = (ROOT / "benchmarks").stat().st_mtime_ns
    bench.main(["--quick"])
    said = capsys.readouterr().out
    for number in range(1, 10):
        assert f"\n## {number}. " in said
    assert "| embedded | 64×96 | float32 |" in said and "nan" not in said
    assert (ROOT / "benchmarks").stat().st_mtime_ns == before  # --quick writes nothing


def test_the_paths_that_are_compared_compute_the_same():
    import bench

    content_X, style_X = bench.pair((64, 96))
    theirs = [losses for losses, _ in bench.theirs("embedded").train(content_X, content_X, style_X, 0.3, 2, 50)]
    settings = bench.PUBLISHED.but(num_epochs=2, precision="float32")
    ours = list(bench.optimize(bench.ours("embedded"), content_X, style_X, settings))
    for step, losses in zip(ours, theirs):
        assert torch.allclose(torch.tensor(step[2:6]), torch.tensor(losses), rtol=1e-3)
    assert bench.PUBLISHED.num_epochs == 500
