"""One launch of an order: from the claim on the host to what is known of its end.

Owns the order of things: claim, accepted, output, end. Must never start an attempt a second time by itself, and must
never take silence for a failure.

Limit: a launch names the earlier attempts of its own session that the host may remove (`Order.recorded`). The last ones
of a session on a host are named by none and stay there until a person removes them: another session has not their
journal, and a directory too many is safer than a result that is nowhere any more.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from haops.connectors.detached.link import Deadline, Link
from haops.connectors.detached.pursuit import Pursuit
from haops.connectors.detached.reports import Account, parse_end
from haops.connectors.detached.talk import Talk
from haops.connectors.detached.texts import Text
from haops.connectors.detached.wire import Reply, encode_order, script_hash
from haops.connectors.seam import AttemptReport, Order, OutputListener, RemoteState
from haops.errors import ConnectFailed, ConnectionLost, Denied, RemoteFailed, TimedOut


class Launch:
    """Carries one order out over a link; used once."""

    def __init__(
        self, link: Link, directory: str, order: Order, *, on_accepted: Callable[[], None], on_output: OutputListener
    ) -> None:
        self._link = link
        self._directory = directory
        self._order = order
        self._on_accepted = on_accepted
        self._pursuit = Pursuit(link, directory, order.attempt_id, on_output)
        self._boot_id = ""

    def carry_out(self, deadline: Deadline) -> AttemptReport:
        """Claim, start and wait; or follow what was claimed before."""
        with Talk(self._link, Text.LAUNCH, encode_order(self._order, self._directory), deadline) as talk:
            first = talk.reply("accepted", "already", "cancelled")
            if first.word == "accepted":
                self._boot_id = first.rest[0]
                self._on_accepted()
                with self._begun():
                    return self._await_end(talk, deadline)
        return self._pick_up(deadline)

    @contextmanager
    def _begun(self) -> Iterator[None]:
        """From here on the script may run: that asking about it was refused, or failed, says nothing about its end."""
        try:
            yield
        except (ConnectFailed, Denied, RemoteFailed) as error:
            raise ConnectionLost(
                f"it began, and how it ended could not be asked: {error.message}",
                where=self._link.name,
                remedy=error.remedy or f"probe attempt {self._order.attempt_id}",
            ) from error

    def _await_end(self, talk: Talk, deadline: Deadline) -> AttemptReport:
        while True:
            found = talk.listener.reply_within(min(self._pursuit.pause_s, deadline.remaining_s()))
            if found is not None and found.word == "ended":
                return self._ended(talk, found, deadline)
            if found is not None:
                return self._pursuit.final(deadline)
            if talk.listener.ended:
                # Whether the link or only the waiting shell is gone: the first raises here.
                talk.conversation.exit_status(deadline)
                return self._follow(deadline)
            self._check_time(deadline)
            self._pursuit.look(deadline)

    def _ended(self, talk: Talk, reply: Reply, deadline: Deadline) -> AttemptReport:
        talk.listener.drain(deadline)
        talk.conversation.exit_status(deadline)
        status, duration_s = parse_end(reply.rest, where=self._link.name)
        out, err = talk.listener.out, talk.listener.err
        # Too much for this channel: the attempt's directory knows how much was left out.
        if reply.rest[-1] == "cut" or out.dropped_bytes or err.dropped_bytes:
            return self._follow(deadline)
        self._pursuit.deliver(bytes(out.content), bytes(err.content))
        return AttemptReport(
            state=RemoteState.DONE,
            exit_status=status,
            stdout=bytes(out.content),
            stderr=bytes(err.content),
            boot_id=self._boot_id,
            duration_s=duration_s,
        )

    def _pick_up(self, deadline: Deadline) -> AttemptReport:
        account = self._pursuit.look(deadline)
        # Before anything is believed of it: the id may have been claimed for something else.
        if account is not None:
            self._pursuit.check_script(account, script_hash(self._order.script))
        self._on_accepted()
        with self._begun():
            return self._follow(deadline)

    def _follow(self, deadline: Deadline) -> AttemptReport:
        account = self._pursuit.look(deadline)
        while account is None or _goes_on(account):
            self._check_time(deadline)
            time.sleep(min(self._pursuit.pause_s, deadline.remaining_s()))
            account = self._pursuit.look(deadline)
        return self._pursuit.final(deadline)

    def _check_time(self, deadline: Deadline) -> None:
        if deadline.passed:
            raise TimedOut(
                f"not ended after {deadline.timeout_s:g} s; it may go on there",
                where=self._link.name,
                remedy=f"probe attempt {self._order.attempt_id} later, or cancel it",
            )


def _goes_on(account: Account) -> bool:
    """A claimed attempt whose launching shell still lives is about to start."""
    if account.state is RemoteState.CLAIMED:
        return account.pid is not None
    return account.state is RemoteState.RUNNING
