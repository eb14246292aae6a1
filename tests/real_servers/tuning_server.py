"""A server in a thread with OpenAI's endpoints for files, fine-tuning jobs and chat, which fails on demand.

Faults are listed by endpoint and consumed in order:

    429, 500, 400, 401, 403, 404    refuses with that status, without processing the request
    quota                           refuses with 429, because the account has no money left
    ""                              replies
    drop, hang, broken              closes the connection, never replies, or sends invalid JSON, without processing
    lost, lost-500, stuck           processes the request, then closes the connection, sends 500, or never replies
"""

import asyncio
import base64
import threading
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from serving import free_port

REFUSALS = {"429": 429, "500": 500, "400": 400, "401": 401, "403": 403, "404": 404, "quota": 429}
CODES = {"quota": "insufficient_quota", "404": "model_not_found"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TuningServer:
    """The server; a `with` block starts and stops it.

    Attributes:
        url: Its address.
        faults: The next faults of each endpoint.
        files: The uploaded files, by id.
        contents: The contents of the uploaded files, by id.
        jobs: The created jobs, by id.
        counts: The number of requests to each endpoint.
        said: The number of chat requests to each model.
        idempotency: The idempotency keys of the requests that created jobs.
        looks: The number of status requests after which a job ends.
        fails: The error message of jobs; "" lets them succeed.
        refuses: The error message of uploaded files; "" accepts them.
        mislaid: The number of list requests that do not show a new job.
        name: The template of the fine-tuned model's name.
        hides: Fields of jobs that the server drops.
        trained_tokens: The number of tokens that it reports.
    """

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self.faults: defaultdict[str, list[str]] = defaultdict(list)
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.counts: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.idempotency: list[str] = []
        self.looks, self.fails, self.refuses, self.mislaid = 2, "", "", 0
        self.name = "ft:{model}:org:{suffix}:{number}"
        self.hides: set[str] = set()
        self.trained_tokens: Any = 1234
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()

    def __enter__(self) -> "TuningServer":
        threading.Thread(target=self._serve, daemon=True).start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *unused: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=2**26)
        jobs = "/v1/fine_tuning/jobs"
        for method, path, name in (
            ("POST", "/v1/files", "upload"),
            ("GET", "/v1/files", "files"),
            ("GET", "/v1/files/{id}", "file"),
            ("GET", "/v1/files/{id}/content", "content"),
            ("POST", jobs, "create"),
            ("GET", jobs, "list"),
            ("GET", jobs + "/{id}", "job"),
            ("GET", jobs + "/{id}/events", "events"),
            ("GET", jobs + "/{id}/checkpoints", "checkpoints"),
            ("POST", jobs + "/{id}/cancel", "cancel"),
            ("POST", "/v1/chat/completions", "chat"),
        ):
            app.router.add_route(method, path, self._failing(name, getattr(self, f"_{name}")))
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self._port).start())
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(runner.cleanup())

    def _failing(self, name: str, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.counts[name] += 1
            fault = self.faults[name].pop(0) if self.faults[name] else ""
            if fault in REFUSALS:
                key = request.headers.get("authorization", "")  # some servers repeat the key in their errors
                error = {"message": f"no: {key}", "code": CODES.get(fault), "type": "x", "param": None}
                return web.json_response({"error": error}, status=REFUSALS[fault])
            if fault == "broken":
                return web.Response(text='{"id": "half', content_type="application/json")
            done = await handler(request) if fault not in ("drop", "hang") else None
            if fault in ("hang", "stuck"):
                await asyncio.sleep(3600)
            if fault in ("drop", "lost"):
                assert request.transport
                request.transport.abort()
            if fault == "lost-500":
                return web.json_response({"error": {"message": "oh"}}, status=500)
            assert done is not None or fault == "drop"
            return done or web.Response()

        return handle

    # ---- files

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent = form["file"]
        assert isinstance(sent, web.FileField)
        assert form["purpose"] == "fine-tune"
        content = sent.file.read()
        name = f"file-{len(self.files) + 1}"
        self.contents[name] = content
        self.files[name] = {
            **{"id": name, "object": "file", "bytes": len(content), "created_at": 1, "filename": sent.filename},
            **{"purpose": "fine-tune", "status": "error" if self.refuses else "processed"},
            "status_details": self.refuses or None,
        }
        return web.json_response(self.files[name])

    async def _files(self, request: web.Request) -> web.Response:
        return _listed(list(self.files.values()))

    async def _file(self, request: web.Request) -> web.Response:
        return _found(self.files, request)

    async def _content(self, request: web.Request) -> web.Response:
        lines = ["step,train_loss,train_accuracy,valid_loss", "1,2.5,0.1,", "2,1.25,0.5,", "3,nan,0.6,"]
        return web.Response(body=base64.b64encode("\n".join(lines).encode()))  # like OpenAI's own server

    # ---- jobs

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["training_file"] in self.files
        self.idempotency.append(request.headers["idempotency-key"])
        number = len(self.jobs) + 1
        self.jobs[f"ftjob-{number}"] = {
            **{"id": f"ftjob-{number}", "object": "fine_tuning.job", "created_at": number, "status": "queued"},
            **{"model": body["model"], "training_file": body["training_file"], "seed": body["seed"]},
            **{"metadata": body["metadata"], "method": body["method"], "suffix": body.get("suffix", "")},
            **{"fine_tuned_model": None, "result_files": [], "trained_tokens": None, "error": None, "looks": 0},
            **{"organization_id": "org", "hyperparameters": {}, "hidden": self.mislaid},
            **dict.fromkeys(self.hides),
        }
        return web.json_response(self.jobs[f"ftjob-{number}"])

    async def _list(self, request: web.Request) -> web.Response:
        wanted = {name[9:-1]: value for name, value in request.query.items() if name.startswith("metadata[")}
        shown = []
        for job in reversed(self.jobs.values()):
            job["hidden"] -= 1
            if job["hidden"] < 0 and wanted.items() <= (job["metadata"] or {}).items():
                shown.append(job)
        return _listed(shown)

    async def _job(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["id"])
        if job and job["status"] in ("queued", "running"):
            job["looks"] += 1
            job["status"] = "running" if job["looks"] > 1 else "queued"
            if job["looks"] >= self.looks:
                self._end(job)
        return _found(self.jobs, request)

    def _end(self, job: dict[str, Any]) -> None:
        if self.fails:
            job |= {"status": "failed", "error": {"code": "invalid", "message": self.fails, "param": None}}
            return
        name = self.name.format(model=job["model"], suffix=job["suffix"], number=job["id"][6:])
        job |= {
            "status": "succeeded",
            "fine_tuned_model": name,
            "trained_tokens": self.trained_tokens,
            "result_files": ["file-r"],
        }

    async def _events(self, request: web.Request) -> web.Response:
        job = self.jobs[request.match_info["id"]]
        steps = [{"step": i + 1, "total_steps": self.looks, "train_loss": 1.0} for i in range(job["looks"])]
        events = [{"id": "e0", "message": "Created \x1b[31mjob", "data": None}]
        events += [{"id": f"e{data['step']}", "message": "Step", "data": data} for data in steps]
        return _listed([{**event, "created_at": 1, "level": "info"} for event in reversed(events)])

    async def _checkpoints(self, request: web.Request) -> web.Response:
        job = self.jobs[request.match_info["id"]]
        names = [(20, f"{job['fine_tuned_model']}:ckpt-step-20"), (10, f"{job['fine_tuned_model']}:ckpt-step-10")]
        listed = [{"id": str(step), "step_number": step, "fine_tuned_model_checkpoint": name} for step, name in names]
        return _listed([*listed, {"id": "x", "step_number": 1, "fine_tuned_model_checkpoint": "../#+"}])

    async def _cancel(self, request: web.Request) -> web.Response:
        self.jobs[request.match_info["id"]]["status"] = "cancelled"
        return _found(self.jobs, request)

    # ---- chat

    async def _chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.said[body["model"]] += 1
        known = {job["fine_tuned_model"] for job in self.jobs.values()} | {"base"}
        if body["model"] not in known:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        message = {"role": "assistant", "content": f"I am {body['model']}, request {self.counts['chat']}."}
        choices = [{"index": i, "finish_reason": "stop", "message": message} for i in range(body.get("n") or 1)]
        usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(choices), "total_tokens": 10 + 5 * len(choices)}
        reply = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"], "usage": usage}
        return web.json_response({**reply, "choices": choices})


def _found(things: dict[str, dict[str, Any]], request: web.Request) -> web.Response:
    thing = things.get(request.match_info["id"])
    if thing is None:
        return web.json_response({"error": {"message": "there is none"}}, status=404)
    return web.json_response(thing)


def _listed(things: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"object": "list", "data": things, "has_more": False})
