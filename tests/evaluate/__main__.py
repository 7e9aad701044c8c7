"""`make evaluate`: the quality of tagging and of grouping, on events never seen in training."""

import subprocess
import sys

PARTS = ("tagging", "grouping")


def main():
    failed = [
        part
        for part in PARTS
        if subprocess.run([sys.executable, "-m", f"tests.evaluate.{part}"], check=False).returncode
    ]
    if failed:
        sys.exit(f"did not end well: {', '.join(failed)}")


if __name__ == "__main__":
    main()
