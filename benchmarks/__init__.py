"""What the package costs, as ratios against a baseline of the same run; `python -m benchmarks` measures."""
