"""A bridge without Minecraft: it speaks the protocol of bridge.mjs, and misbehaves as its first argument says.

python fake_bridge.py MODE LOG        MODE is fine, kicks, empties, dies, shy, silent, babbles, refuses, echoes or odd
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

mode, log = sys.argv[1], Path(sys.argv[2])
cells: list[list[int] | None] = []
names: list[str] = []
walks = 0


def send(**message: Any) -> None:
    """Write a message."""
    print(json.dumps(message), flush=True)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a request, and return the reply."""
    global walks
    match request["do"]:
        case "spawn":
            names[:] = [name for name, *_ in request["bots"]]
            cells[:] = [[x, y] for _, x, y in request["bots"]]
            return {"at": cells}
        case "walk":
            walks += 1
            for bot, x, y in request["bots"]:
                if cells[bot] is not None:
                    cells[bot] = [x, y]
            if mode == "kicks" and walks == 2:
                cells[2] = None
                send(event="left", bot=2, reason="/op \u001b[31mspam & more")
            if mode == "empties" and walks == 2:
                for bot in range(len(cells)):
                    cells[bot] = None
                    send(event="left", bot=bot, reason="closed")
            if mode == "dies" and walks == 2:
                print("\u001b[1Gat some line\n\nError: \u001b[31mthe world is flat", file=sys.stderr)
                sys.exit(3)
            return {"at": cells}
        case "see":
            shown = {bot: cell for bot, cell in enumerate(cells) if cell is not None}
            return {"sees": [[one, other, *cell] for one in shown for other, cell in shown.items() if one != other]}
        case "say":
            present = [bot for bot, cell in enumerate(cells) if cell is not None]
            pairs = [[line, bot] for line, (who, _) in enumerate(request["lines"]) for bot in present if bot != who]
            return {"heard": [] if mode == "shy" else pairs}
        case "dig":
            return {"dug": [bot for bot, _ in request["bots"] if bot % 2 == 0]}
        case _:
            return {}


for line in sys.stdin:
    request = json.loads(line)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(request) + "\n")
    if mode == "silent":
        time.sleep(60)
    if mode == "babbles":
        print("Server listening", flush=True)
    if mode == "refuses" and request["do"] == "start":
        send(id=request["id"], error="no free port\u001b[2J")
    elif mode == "echoes":
        send(id=request["id"] + 7, ok={})
    elif mode == "odd" and request["do"] == "spawn":
        send(id=request["id"], ok={"at": "everywhere"})
    else:
        send(id=request["id"], ok=answer(request))
