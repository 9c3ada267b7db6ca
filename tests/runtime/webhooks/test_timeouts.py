"""Late items time out in their own loop, others never; a cancelled task stays cancelled."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from support.pace import wait_for

from connector.runtime.webhooks.timeouts import SharedTimeout, TimeoutGroup, task_timeouts

LONG = 3600.0


def test_those_that_are_not_ended_are_late_in_the_order_they_began():
    late = []
    deadlines = TimeoutGroup(0.05, late.append)

    async def story():
        for thing in "abcd":
            deadlines.begin(thing)
        assert deadlines.end("b")
        await wait_for(lambda: len(late) == 3)
        assert late == ["a", "c", "d"]
        assert not deadlines.end("a")
        deadlines.begin("e")
        assert deadlines.end("e")
        deadlines.begin("f")
        await wait_for(lambda: len(late) == 4)

    asyncio.run(story())
    assert late == ["a", "c", "d", "f"]


def test_one_timer_is_enough_for_many():
    async def story():
        loop, set_ = asyncio.get_running_loop(), []
        timer = loop.call_later
        loop.call_later = lambda *given: set_.append(given) or timer(*given)
        deadlines = TimeoutGroup(LONG, print)
        for number in range(1000):
            deadlines.begin(number)
            assert deadlines.end(number)
        assert len(set_) == 1

    asyncio.run(story())


def test_a_block_that_lasts_too_long_is_ended_and_what_comes_after_it_is_not():
    within = task_timeouts(0.05)

    async def story():
        with pytest.raises(TimeoutError), SharedTimeout(within):
            await asyncio.Event().wait()
        with SharedTimeout(within):
            await asyncio.sleep(0)
        assert asyncio.current_task().cancelling() == 0

    asyncio.run(story())
    asyncio.run(story())  # in another loop


def test_a_task_that_somebody_else_cancels_is_cancelled():
    within = task_timeouts(LONG)

    async def waiting():
        with SharedTimeout(within):
            await asyncio.Event().wait()

    async def both():
        with SharedTimeout(task_timeouts(0.05)):
            try:
                await asyncio.Event().wait()
            finally:
                asyncio.current_task().cancel()

    async def story():
        for one in (waiting(), both()):
            task = asyncio.create_task(one)
            await asyncio.sleep(0)
            if one.__name__ == "waiting":
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(story())


def test_many_tasks_each_have_their_own_time():
    within, ended = task_timeouts(0.05), []

    async def one(number):
        try:
            with SharedTimeout(within):
                await asyncio.Event().wait() if number % 2 else await asyncio.sleep(0)
        except TimeoutError:
            ended.append(number)

    async def story():
        await asyncio.gather(*map(one, range(100)))

    asyncio.run(story())
    assert ended == list(range(1, 100, 2))


def test_a_loop_that_ended_is_not_kept():
    within, loops = task_timeouts(LONG), []

    async def story():
        loops.append(weakref.ref(asyncio.get_running_loop()))
        with SharedTimeout(within):
            pass

    for _ in range(3):
        asyncio.run(story())
    gc.collect()
    assert not any(one() for one in loops)


def test_loops_that_take_turns_each_have_their_own_timeouts():
    late = []
    deadlines = TimeoutGroup(LONG, late.append)

    async def begin(item):
        deadlines.begin(item)

    async def end(*items):
        return [deadlines.end(item) for item in items]

    with asyncio.Runner() as one, asyncio.Runner() as other:
        one.run(begin("a"))
        other.run(begin("b"))
        assert one.run(end("a", "b")) == [True, False]
        assert other.run(end("a", "b")) == [False, True]
    assert not late


def test_what_began_later_is_late_later_and_is_not_forgotten():
    late = []
    deadlines = TimeoutGroup(0.1, late.append)

    async def story():
        loop = asyncio.get_running_loop()
        deadlines.begin("first")
        began = loop.time()
        await wait_for(lambda: loop.time() > began + 0.05)
        deadlines.begin("second")
        await wait_for(lambda: late)
        assert late == ["first"]
        await wait_for(lambda: len(late) == 2)

    asyncio.run(story())
