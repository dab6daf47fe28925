"""The floor of the fan-out: a task that does nothing, in the same worker (`celery worker -I benchmarks.noop_task`)."""

from __future__ import annotations

from workers.celery import app


@app.task(name="benchmark.noop")  # type: ignore[untyped-decorator]
def noop(stack: str, run: str | None = None) -> dict[str, str]:
    """Do nothing with arguments and a result like those of the real one."""
    del run
    return {"stack": stack, "action": "none", "reason": "unchanged"}
