"""A terminal console that makes control characters of printed texts visible, since some are not Askew's own."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from askew.base.untrusted import visible

if TYPE_CHECKING:
    from rich.text import Text


class VisibleConsole(Console):
    """A console in which no printed string, cell or heading can control the terminal. Styles work as usual."""

    def render_str(self, text: str, **settings: Any) -> "Text":
        """Return a string as styled text, with its control characters made visible."""
        return super().render_str(visible(text), **settings)
