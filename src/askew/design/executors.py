"""The setting `executor`: the work of a run is done on this machine or on a Ray cluster, which has an address."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from askew.base.errors import AskewError
from askew.base.untrusted import visible

LOCAL, RAY = "local", "ray"
ADDRESS_VARIABLE = "RAY_ADDRESS"
"""Ray's own variable for the address of a cluster, which `ray` stands for."""

AUTO = "auto"
"""The address of the cluster that this machine is a node of."""

_CLIENT = "ray://"
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65_535
_FORMS = "write local, ray, or ray://HOST:PORT (Ray's client port is 10001 if nothing else was said)"


@dataclass(frozen=True)
class RayAddress:
    """The address of a Ray cluster.

    Attributes:
        text: The address as Ray takes it.
        host: The host; "" for the cluster that this machine is a node of.
        port: The port; 0 for the cluster that this machine is a node of.
    """

    text: str
    host: str = ""
    port: int = 0

    @property
    def is_client(self) -> bool:
        """True if the cluster is used from outside, through its head."""
        return self.text.startswith(_CLIENT)


def read_executor(option: str, text: str) -> str:
    """Return an executor as the design holds it.

    Args:
        option: Where it was named, for the error.
        text: What was named.

    Raises:
        AskewError: It is none.
    """
    if text not in (LOCAL, RAY):
        if not text.startswith(_CLIENT):
            raise AskewError(f"{option} is {visible(text)!r}: {_FORMS}; {ADDRESS_VARIABLE} may name HOST:PORT for ray")
        _read_address(option, text)
    return text


def check_executor(executor: str, environment: Mapping[str, str] = os.environ) -> None:
    """Check an executor before anything is done: its form, its address, and that Ray is installed for a cluster.

    Args:
        executor: The executor of the design.
        environment: The variables, of which `RAY_ADDRESS` counts.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    read_executor("executor", executor)
    if executor == LOCAL:
        return
    ray_address(executor, environment)
    if find_spec("ray") is None:
        raise AskewError(
            f"--executor {executor} needs Ray, which is not installed: `pip install 'askew[ray]'`, in the same release "
            "as on the cluster; or leave it out to work on this machine"
        )
    if executor.startswith(_CLIENT) and find_spec("grpc") is None:
        raise AskewError(
            f"--executor {executor} needs Ray's client, which is not installed: `pip install 'askew[ray]'`"
        )


def ray_address(executor: str, environment: Mapping[str, str] = os.environ) -> RayAddress:
    """Return the address of the cluster that an executor stands for.

    Args:
        executor: The executor of the design, not the local one.
        environment: The variables, of which `RAY_ADDRESS` counts where the executor names no address.

    Raises:
        AskewError: The address has none of the forms that Ray takes.
    """
    if executor != RAY:
        return _read_address("--executor", executor)
    text = environment.get(ADDRESS_VARIABLE, "").strip()
    return RayAddress(AUTO) if text in ("", AUTO) else _read_address(ADDRESS_VARIABLE, text)


def _read_address(where: str, text: str) -> RayAddress:
    found = _ADDRESS.fullmatch(text.removeprefix(_CLIENT))
    if not found or not 0 < int(found["port"]) <= _HIGHEST_PORT:
        raise AskewError(
            f"{where} is {visible(text)!r}, which is no address of a Ray cluster: write {_CLIENT}HOST:PORT"
            + ("" if text.startswith(_CLIENT) else f", HOST:PORT, or {AUTO}")
        )
    return RayAddress(text, found["host"].strip("[]"), int(found["port"]))
