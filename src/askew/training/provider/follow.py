"""Following a fine-tune at a provider: its status, its events, its end."""

import time
from typing import TYPE_CHECKING, Any

from askew.base.untrusted import cut, visible
from askew.training.provider.endpoints import ENDED
from askew.training.provider.tuning import LONGEST_SAID, Sitting

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob


def follow(sitting: Sitting) -> "FineTuningJob":
    """Follow a job until it has ended, and say what happens.

    Raises:
        AskewError: The server refuses or stays away.
    """
    wait, status = sitting.pace.first, ""
    while True:
        job = sitting.service.job(sitting.record.job)
        news = job.status != status
        if news:
            sitting.watch.say(job.status.replace("_", " "))
        news = _tell_events(sitting) or news
        status = job.status
        if status in ENDED:
            return job
        wait = sitting.pace.first if news else min(1.5 * wait, sitting.pace.longest)
        time.sleep(wait)


def _tell_events(sitting: Sitting) -> bool:
    """Tell what has happened since the last look; return whether anything has."""
    name = sitting.record.job

    def unseen(client: "OpenAI") -> list[Any]:
        found = []
        for event in client.fine_tuning.jobs.list_events(name, limit=100):  # the newest first
            if event.id in sitting.seen:
                break
            found.append(event)
        return found

    events = sitting.service.if_offered("reading the job's events", unseen) or []
    for event in reversed(events):
        sitting.seen.add(event.id)
        data = event.data if isinstance(event.data, dict) else {}
        step, steps, loss = (data.get(name) for name in ("step", "total_steps", "train_loss"))
        if isinstance(step, int) and isinstance(steps, int) and isinstance(loss, (int, float)) and 0 < step <= steps:
            sitting.watch.step(step, steps, float(loss))
        else:
            sitting.watch.say(visible(cut(" ".join(str(event.message).split()), LONGEST_SAID)))
    return bool(events)


def why_it_ended(job: "FineTuningJob") -> str:
    """Return how a job ended badly, in words that follow its name."""
    said = getattr(getattr(job, "error", None), "message", None)
    return f"{job.status}: {visible(cut(' '.join(said.split()), LONGEST_SAID))}" if said else f"was {job.status}"
