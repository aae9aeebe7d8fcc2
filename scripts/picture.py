"""Turns a terminal's screen, with its escape sequences, into a picture (SVG) that loads nothing."""

import io
import sys

from rich.console import Console
from rich.text import Text

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
      font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
  </g>
</svg>
"""
"""As Rich draws it, but for the fonts: its own format loads them from the web."""


def picture(screen: str) -> str:
    """The picture of a screen.

    Args:
        screen: its lines, with ANSI escape sequences for colours.
    """
    lines = screen.rstrip().splitlines()
    text = Text.from_ansi("\n".join(lines))
    width = max(line.cell_len for line in text.split())
    console = Console(
        record=True, width=width + 1, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(text)
    return console.export_svg(title="voxnix chat", code_format=FORMAT, unique_id="session")


if __name__ == "__main__":
    sys.stdout.write(picture(sys.stdin.read()))
