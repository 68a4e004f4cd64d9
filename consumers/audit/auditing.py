"""One audit: the ledger is filled, looked at, and looked at again where something is wrong."""

import json
import time
from collections.abc import Iterator

from chat_project.settings.environment import Environment
from consumers.audit.cache_check import check_cache
from consumers.audit.conversation_checks import check_conversations, due_mark
from consumers.audit.database_side import (
    read_conversations,
    read_everything,
    read_homeless,
    read_letters_of,
    read_strangers,
    read_unreadable_again,
)
from consumers.audit.errors import CannotCheck
from consumers.audit.findings import Finding, Kind
from consumers.audit.folding import fold_changes
from consumers.audit.ledger import Ledger, pack, unpack
from consumers.audit.log_side import read_dead_letter_topic, read_log
from consumers.audit.record_checks import check_records, in_flight
from consumers.audit.report import InFlight
from consumers.audit.scope import Scope
from consumers.audit.snapshot import take_snapshot
from consumers.audit.unread_check import check_unread
from consumers.log_reader import LogReader
from consumers.records import Place

_SAME = """
a.kind = b.kind AND a.conversation_id IS b.conversation_id AND a.message_id IS b.message_id
AND a.user_id IS b.user_id AND a.place IS b.place AND a.seq IS b.seq
AND (a.kind NOT IN ('wrong_cache', 'unreadable') OR a.found IS b.found)
"""
"""A cached value that is behind counts if it stands still; under load it is always a bit behind. An
unreadable document is told apart by what was found as its id."""


BY_KIND = "kind, conversation_id, place, seq"
BY_CONVERSATION = "conversation_id, place, seq"
BY_PLACE = "place, conversation_id"


class Audit:
    """Its findings are those of the last look; `confirm` keeps what an earlier look saw too."""

    def __init__(
        self,
        ledger: Ledger,
        reader: LogReader,
        environment: Environment,
        scope: Scope,
        *,
        group_id: str,
        is_live: bool,
        with_cache: bool,
    ) -> None:
        self.ledger = ledger
        self.reader = reader
        self.environment = environment
        self.is_live = is_live
        self.cache_checked = with_cache and is_live
        self.scope = scope
        self._look = 0
        self._is_still = False
        self._kept_up_to: dict[int, int] = {}
        self.snapshot = take_snapshot(environment, group_id, reader, scope, is_live=is_live)

    def read_log(self) -> int:
        """Gives how many records were read."""
        count = read_log(self.ledger, self.reader, self.snapshot, self.scope)
        self.ledger.index_records()
        self._read_dead_letter_topic()
        return count

    def look(self) -> None:
        """The first one: everything in scope."""
        if self.scope.is_everything:
            read_everything(self.ledger, self.snapshot)
            self.ledger.index_documents()
        else:
            self.ledger.index_documents()
            read_conversations(self.ledger, self.snapshot, self._conversations_in_scope())
            elsewhere = self.ledger.rows(
                "SELECT place FROM records WHERE poison IS NOT NULL UNION SELECT place FROM unaccounted"
            )
            read_letters_of(self.ledger, self.snapshot, _places(elsewhere))
            self._refuse_unknown()
        self._check(only_affected=False)

    def confirm(self, after_seconds: float) -> None:
        """A second look at what the last one found; only what both saw remains."""
        if not self.counts():
            return
        time.sleep(after_seconds)
        earlier = self._look
        self.look_again()
        self.ledger.run(
            f"DELETE FROM findings AS a WHERE look = ? AND NOT EXISTS"  # noqa: S608  # fixed text
            f" (SELECT 1 FROM findings b WHERE b.look = ? AND {_SAME})",
            (self._look, earlier),
        )

    def look_again(self) -> None:
        """At the conversations that any look had findings in, as they are now."""
        self._find_affected()
        self._forget_affected()
        self._read_dead_letter_topic()
        affected = self.ledger.rows("SELECT conversation_id FROM affected")
        read_conversations(self.ledger, self.snapshot, (row[0] for row in affected))
        places = self.ledger.rows("SELECT DISTINCT place FROM findings WHERE place IS NOT NULL")
        read_letters_of(self.ledger, self.snapshot, _places(places))
        read_unreadable_again(self.ledger, self.snapshot)
        told = self.ledger.rows(
            "SELECT DISTINCT message_id FROM findings f WHERE message_id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = f.message_id)"
        )
        read_homeless(self.ledger, self.snapshot, (row[0] for row in told))
        self._check(only_affected=True)

    def counts(self) -> dict[Kind, int]:
        rows = self.ledger.rows(
            "SELECT kind, count(*) FROM findings WHERE look = ? GROUP BY kind ORDER BY kind",
            (self._look,),
        )
        return {Kind(kind): count for kind, count in rows}

    def findings(self, *kinds: Kind, order: str = BY_KIND, limit: int = -1) -> Iterator[Finding]:
        """Of the last look, of these kinds or all; `limit` below 0: all of them."""
        chosen = [kind.value for kind in kinds or tuple(Kind)]
        rows = self.ledger.rows(
            "SELECT kind, text, conversation_id, message_id, user_id, place, seq, expected, found"  # noqa: S608  # fixed orders
            " FROM findings WHERE look = ? AND kind IN (SELECT value FROM json_each(?))"
            f" ORDER BY {order} LIMIT ?",
            (self._look, json.dumps(chosen), limit),
        )
        for kind, text, conversation_id, message_id, user_id, place, seq, expected, found in rows:
            yield Finding(
                kind=Kind(kind),
                text=text,
                conversation_id=conversation_id,
                message_id=message_id,
                user_id=user_id,
                place=unpack(place),
                seq=seq,
                expected=json.loads(expected) if expected is not None else None,
                found=json.loads(found) if found is not None else None,
            )

    def due_mark(self, conversation_id: str) -> Place | None:
        """The place that this conversation's mark must cover, as of the last look."""
        return unpack(due_mark(self.ledger, self._look, conversation_id))

    def has_open_letter(self, place: Place | None, message_id: str | None) -> bool:
        query = (
            "SELECT count(*) FROM letters WHERE place = ? AND message_id = ? AND closed_how IS NULL"
        )
        return bool(self.ledger.one(query, (pack(place), message_id))[0])

    def is_incomplete(self, conversation_id: str | None) -> bool:
        """Whether the last look missed a message of this conversation that the log holds."""
        query = (
            "SELECT count(*) FROM findings f JOIN records r ON r.place = f.place"
            " WHERE f.look = ? AND f.conversation_id = ? AND r.poison IS NULL AND (f.kind = 'lost'"
            " OR f.kind = 'wrong_content' AND EXISTS (SELECT 1 FROM strays s WHERE s.id = f.message_id))"
        )
        return bool(self.ledger.one(query, (self._look, conversation_id))[0])

    def is_lost(self, place: Place | None) -> bool:
        query = "SELECT count(*) FROM findings WHERE look = ? AND kind = 'lost' AND place = ?"
        return bool(self.ledger.one(query, (self._look, pack(place)))[0])

    def is_first_burial(self, place: Place | None) -> bool:
        """Notes it: what was buried once in this repair and is still told is not buried again."""
        packed = (pack(place),)
        known = self.ledger.one("SELECT count(*) FROM buried WHERE place = ?", packed)[0]
        self.ledger.run("INSERT OR IGNORE INTO buried VALUES (?)", packed)
        return not known

    def note_number(self, message_id: str, conversation_id: str, seq: int, place: Place) -> None:
        """A message was stored since the last look: its number is taken."""
        self.ledger.run(
            "INSERT OR REPLACE INTO documents (id, conversation_id, seq, place, is_restored)"
            " VALUES (?,?,?,?,0)",
            (message_id, conversation_id, seq, pack(place)),
        )

    def checked(self) -> dict[str, int]:
        names = {
            "messages": "documents",
            "conversations": "heads",
            "participants": "participants",
            "deadLetters": "letters",
        }
        return {
            name: self.ledger.one(f"SELECT count(*) FROM {table}")[0]  # noqa: S608  # fixed names
            for name, table in names.items()
        }

    def in_flight(self) -> InFlight:
        count, oldest_ms = in_flight(self.ledger)
        age = None if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1_000)
        return InFlight(count, age)

    def _check(self, *, only_affected: bool) -> None:
        self._look += 1
        read_strangers(self.ledger)
        self._note_ends()
        fold_changes(self.ledger)
        check_records(self.ledger, self._look, whole=self.scope.is_everything)
        check_conversations(self.ledger, self._look)
        check_unread(self.ledger, self._look, only_affected=only_affected, is_still=self._is_still)
        if self.cache_checked:
            self.cache_checked = check_cache(self.ledger, self._look, only_affected=only_affected)

    def _conversations_in_scope(self) -> list[str]:
        """Those asked for, else those that the records in the window belong to."""
        if self.scope.conversation_ids is not None:
            return sorted(self.scope.conversation_ids)
        rows = self.ledger.rows("SELECT DISTINCT conversation_id FROM records")
        return [row[0] for row in rows if row[0] is not None]

    def _refuse_unknown(self) -> None:
        """A mistyped id must not pass as a conversation without differences."""
        for id_ in sorted(self.scope.conversation_ids or ()):
            tables = ("heads", "records", "documents", "letters", "participants")
            known = (
                self.ledger.one(
                    f"SELECT EXISTS (SELECT 1 FROM {table} WHERE conversation_id = ?)",  # noqa: S608  # fixed names
                    (id_,),
                )[0]
                for table in tables
            )
            if not any(known):
                raise CannotCheck(f"there is no conversation {id_}")

    def _note_ends(self) -> None:
        """Read after MongoDB: what is stored lies below them."""
        t = self.snapshot.generation.t
        bounds = self.reader.bounds(self.snapshot.topic)
        self._is_still = all(
            span.end == self.snapshot.spans[p].end
            for p, span in bounds.items()
            if p in self.snapshot.spans
        )
        self.ledger.add(
            "INSERT OR REPLACE INTO ends VALUES (substr(?1, 1, 8), ?1)",
            ((pack(Place(t, p, span.end)),) for p, span in bounds.items()),
        )

    def _read_dead_letter_topic(self) -> None:
        self._kept_up_to = read_dead_letter_topic(
            self.ledger, self.reader, self.environment, self._kept_up_to
        )

    def _find_affected(self) -> None:
        """Never a conversation outside the scope: its records are not here to judge it by."""
        self.ledger.run(
            "INSERT OR IGNORE INTO affected SELECT conversation_id FROM findings"
            " WHERE conversation_id IS NOT NULL UNION SELECT d.conversation_id FROM documents d"
            " JOIN findings f ON f.message_id = d.id WHERE d.conversation_id IS NOT NULL"
        )
        if self.scope.conversation_ids is not None:
            self.ledger.run(
                "DELETE FROM affected WHERE conversation_id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(self.scope.conversation_ids)),),
            )

    def _forget_affected(self) -> None:
        for statement in (
            "DELETE FROM strays WHERE id IN (SELECT r.message_id FROM records r"
            " JOIN affected a ON a.conversation_id = r.conversation_id)",
            "DELETE FROM documents WHERE id IN (SELECT message_id FROM findings)",
            "DELETE FROM letters WHERE place IN (SELECT place FROM findings)",
            "DELETE FROM documents WHERE conversation_id IN (SELECT * FROM affected)",
            "DELETE FROM heads WHERE conversation_id IN (SELECT * FROM affected)",
            "DELETE FROM letters WHERE conversation_id IN (SELECT * FROM affected)",
            "DELETE FROM participants WHERE conversation_id IN (SELECT * FROM affected)",
        ):
            self.ledger.run(statement)


def _places(rows: Iterator[tuple[bytes]]) -> Iterator[Place]:
    return (place for row in rows if (place := unpack(row[0])) is not None)
