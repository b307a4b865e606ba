"""Study.optimize on asyncio: the decisions of krige._optimize, taken by tasks."""
from __future__ import annotations

import asyncio
import functools
import inspect
import time
from typing import TYPE_CHECKING, Any, Optional

from .. import client as blocking
from .._exchange import Steps
from .._optimize import FAREWELL, Catch, Run, evaluate
from ..errors import BudgetSpent, SpaceExhausted, StudyFinished
from ..study import Study as BlockingStudy
from ..trial import Trial as BlockingTrial
from .trial import Trial

if TYPE_CHECKING:
    from .study import Study


async def run(study: Study, fn: Any, n_trials: Optional[int], n_jobs: Optional[int],
              executor: Any, catch: Catch, max_failures: Optional[int],
              progress: Optional[bool], worker: Optional[str]) -> None:
    driver = _Tasks(study, fn, n_trials, n_jobs, executor, catch, max_failures, progress, worker)
    with driver.begin(await study.info()):
        await driver.work_in_tasks()
    if driver.error is not None:
        raise driver.error


class _Tasks(Run["Study", Trial]):
    client: Optional[blocking.Client] = None  # of those handles

    async def work_in_tasks(self) -> None:
        tasks = [asyncio.create_task(self.work()) for _ in range(self.n_jobs)]
        try:
            await asyncio.wait(tasks)
        except BaseException as error:
            held = self.interrupt()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            end = time.monotonic() + FAREWELL
            for trial in held:
                await self.study._client._run(self.give_back(trial, error, end))
            raise

    async def ask(self) -> Optional[Trial]:
        """One more trial; None when there are no more."""
        if not self.take():
            return None
        try:
            return await self.study.ask(worker=self.worker)
        except (StudyFinished, SpaceExhausted) as end:
            self.untake()
            if not isinstance(end, BudgetSpent):
                self.progress.over(str(end))
            return None

    async def work(self) -> None:
        """Trials until there are no more. Errors end the run and are kept in self.error."""
        try:
            trial = await self.ask()
            while trial is not None:
                self.hold(trial)
                try:
                    await self.evaluate(trial)
                finally:
                    self.let_go(trial)
                trial = await self.ask()
        except BaseException as error:
            self.end(error)

    async def evaluate(self, trial: Trial) -> None:
        try:
            outcome = await self.call(trial)
        except BaseException as error:
            await self.settle(self.raised(trial, error))
            if self.interrupted:
                raise
        else:
            await self.settle(self.returned(trial, outcome))

    async def call(self, trial: Trial) -> Any:
        if self.executor is None:
            outcome = self.fn(trial)
            return await outcome if inspect.isawaitable(outcome) else outcome
        call = functools.partial(evaluate, self.fn, self.blocking(trial))
        outcome, end = await asyncio.get_running_loop().run_in_executor(self.executor, call)
        trial._adopt(end)
        return outcome

    async def settle(self, steps: Steps[Optional[BaseException]]) -> None:
        fault = await self.study._client._run(steps)
        if fault is not None:
            raise fault

    def blocking(self, trial: Trial) -> BlockingTrial:
        """A second handle on the trial, for code that does not await."""
        if self.client is None:
            self.client = blocking._reopen(self.study._client.endpoint)
        return BlockingTrial(BlockingStudy(self.client, self.study._message), trial._message)
