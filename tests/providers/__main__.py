"""`python -m tests.providers [--port N]`: prints its address and serves until its standard input ends."""

import argparse
import sys

from tests.providers import serving


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    with serving(port=parser.parse_args().port) as providers:
        print(providers.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
