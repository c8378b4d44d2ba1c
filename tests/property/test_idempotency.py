"""Laws of idempotency: any interleaving, repetition and crash of requests and deliveries ends in the same state."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.orders.document import read_json
from functions.orders.intake import Outcome, Submission
from functions.orders.order import Order, parse_order
from functions.orders.processing import Effect
from tests.unit.functions.fakes import CrashError, World, order

# The same examples at every run: no test depends on luck.
LAWS = settings(deadline=None, derandomize=True, max_examples=400)

ORDERS: tuple[Order, ...] = tuple(
    parse_order(read_json(json.dumps(document)))
    for document in (
        order(quantity="1.0"),
        order(quantity="1.00"),  # the same order
        order(quantity="2"),  # another order under the same client order id
        order(client_order_id="desk7-000124", type="MARKET", limit_price=None),
    )
)
POINTS = 6
"""Points at which the longest task, a delivery, can be stopped: before and after each of three calls."""


class Actor(threading.Thread):
    """One process that moves only when it is told to, from one point of a service call to the next."""

    def __init__(self, task: Callable[[], Any], crash_at: int | None) -> None:
        super().__init__(daemon=True)
        self.result: Any = None
        self.error: Exception | None = None
        self.crashed = self.done = False
        self._task, self._crash_at, self._points = task, crash_at, 0
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)

    def run(self) -> None:
        self._go.acquire()
        try:
            self.result = self._task()
        except CrashError:
            self.crashed = True
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            self.error = error
        finally:
            self.done = True
            self._paused.release()

    def pause(self, point: str) -> None:
        """Called within the actor: crash here, or let another actor move."""
        if self._points == self._crash_at:
            raise CrashError(point)
        self._points += 1
        self._paused.release()
        self._go.acquire()

    def move(self) -> None:
        """Called from outside: let the actor run to its next point or its end."""
        self._go.release()
        self._paused.acquire()


def wire(point: str) -> None:
    actor = threading.current_thread()
    if isinstance(actor, Actor):
        actor.pause(point)


def interleave(actors: Iterable[Actor], schedule: Iterable[int]) -> None:
    """Run the actors to their ends; each number of the schedule chooses who moves next."""
    alive = list(actors)
    for actor in alive:
        actor.start()
    for choice in chain(schedule, repeat(0)):
        if not alive:
            return
        actor = alive[choice % len(alive)]
        actor.move()
        if actor.done:
            actor.join()
            if actor.error:
                raise actor.error
            alive.remove(actor)


crashes = st.none() | st.integers(0, POINTS - 1)
posts = st.lists(st.tuples(st.integers(0, len(ORDERS) - 1), crashes), min_size=1, max_size=5)
deliveries = st.lists(st.tuples(st.integers(0, 9), crashes), max_size=4)
side_by_side = st.lists(st.tuples(st.integers(0, 1), crashes), min_size=1, max_size=4)
schedules = st.lists(st.integers(0, 59), max_size=60)


def post(world: World, posted: Order) -> Callable[[], tuple[Order, Submission]]:
    return lambda: (posted, world.intake.submit(posted))


def deliver(world: World, choice: int) -> Callable[[], Effect | None]:
    """Deliver one of the messages that are in the queue when the delivery starts."""

    def task() -> Effect | None:
        bodies = world.sqs.bodies
        return world.processing.process(bodies[choice % len(bodies)]) if bodies else None

    return task


@LAWS
@given(posts, deliveries, schedules, st.randoms(use_true_random=False))
def test_any_interleaving_of_posts_and_deliveries_ends_in_one_stored_order(
    posted: list[tuple[int, int | None]],
    delivered: list[tuple[int, int | None]],
    schedule: list[int],
    random: Any,
) -> None:
    world = World(wire)
    senders = [Actor(post(world, ORDERS[index]), crash) for index, crash in posted]
    workers = [Actor(deliver(world, choice), crash) for choice, crash in delivered]
    interleave([*senders, *workers], schedule)
    # Who got no answer posts again; then every message is delivered, some of them once more.
    answered = [sender.result for sender in senders if not sender.crashed]
    answered += [
        post(world, ORDERS[index])()
        for (index, _), sender in zip(posted, senders, strict=True)
        if sender.crashed
    ]
    bodies = world.sqs.bodies * 2
    random.shuffle(bodies)
    effects = [worker.result for worker in workers if worker.result]
    effects += [world.processing.process(body) for body in bodies]

    ids = {ORDERS[index].order_id for index, _ in posted}
    assert set(world.dynamodb.items) == ids
    assert world.dynamodb.writes == 2 * len(ids)
    for order_id in ids:
        check_one_order(
            world, order_id, answered, crashed=any(actor.crashed for actor in (*senders, *workers))
        )
        check_effects([effect for effect in effects if effect.order_id == order_id], workers)


def check_one_order(
    world: World, order_id: str, answered: list[tuple[Order, Submission]], *, crashed: bool
) -> None:
    standing = world.intake.find(order_id)
    assert standing is not None
    assert standing.representation()["status"] == "STORED"
    assert world.s3.versions[standing.archive_key()] == [
        json.dumps(standing.receipt(), separators=(",", ":")).encode()
    ]
    mine = [(posted, submission) for posted, submission in answered if posted.order_id == order_id]
    for posted, submission in mine:
        assert submission.accepted.receipt() == standing.receipt()
        assert (submission.outcome is Outcome.CONFLICT) == (posted != standing.order)
    created = [submission for _, submission in mine if submission.outcome is Outcome.ACCEPTED]
    assert len(created) <= 1
    assert crashed or len(created) == 1


def check_effects(effects: list[Effect], workers: list[Actor]) -> None:
    crashed = any(worker.crashed for worker in workers)
    for counted in (sum(effect.archived for effect in effects), sum(effect.stored for effect in effects)):
        assert counted <= 1
        assert crashed or counted == 1


@LAWS
@given(st.lists(st.tuples(side_by_side, schedules), max_size=4))
def test_any_deliveries_with_any_crashes_leave_the_state_of_one_delivery_each(
    rounds: list[tuple[list[tuple[int, int | None]], list[int]]],
) -> None:
    distinct = (ORDERS[0], ORDERS[3])
    world, reference = World(wire), World()
    for each in (world, reference):
        for submitted in distinct:
            each.intake.submit(submitted)
    first_times: dict[str, Any] = {}
    for delivered, schedule in rounds:
        interleave([Actor(deliver(world, index), crash) for index, crash in delivered], schedule)
        for order_id, item in world.dynamodb.items.items():
            if "stored_at" in item:
                assert item["stored_at"] == first_times.setdefault(order_id, item["stored_at"])
    for body in world.sqs.bodies:
        world.processing.process(body)
        reference.processing.process(body)
    assert world.s3.versions == reference.s3.versions
    assert world.dynamodb.writes == reference.dynamodb.writes
    assert without_times(world) == without_times(reference)


def without_times(world: World) -> dict[str, dict[str, Any]]:
    return {
        order_id: {name: value for name, value in item.items() if name != "stored_at"}
        for order_id, item in world.dynamodb.items.items()
    }


def test_the_interleaving_really_interleaves() -> None:
    """Two posts that both pass the point before the put: without the condition both would write."""
    world = World(wire)
    senders = [Actor(post(world, ORDERS[0]), None), Actor(post(world, ORDERS[2]), None)]
    interleave(senders, [0, 1, 0, 1])
    outcomes = [sender.result[1].outcome for sender in senders]
    assert outcomes == [Outcome.ACCEPTED, Outcome.CONFLICT]
    assert world.dynamodb.writes == 1
