"""`python -m scripts.boxes`: what `scripts/box` starts."""

from scripts.boxes.cli import main

if __name__ == "__main__":
    main()
