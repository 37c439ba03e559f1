"""JPEG XL entropy: numbers as it packs them beside its pictures (ISO/IEC 18181-1, annex C)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_RANGE = 4096
"""What the frequencies of a distribution add up to."""
_LONGEST = 15
_SIGNATURE = 0x130000
_MOST_BACK = 1 << 20
_RUN = 13
_LOG_COUNTS = {
    (5, 17): 0,
    (4, 11): 1,
    (4, 15): 2,
    (4, 3): 3,
    (4, 9): 4,
    (4, 7): 5,
    (3, 4): 6,
    (3, 2): 7,
    (3, 5): 8,
    (3, 6): 9,
    (3, 0): 10,
    (6, 33): 11,
    (7, 1): 12,
    (7, 65): _RUN,
}
"""Frequencies' logarithms, one more, by how many bits there are and which (C.2.5)."""
_LENGTHS_ORDER = (1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_LENGTHS = {(2, 0): 0, (4, 7): 1, (3, 3): 2, (2, 2): 3, (2, 1): 4, (4, 15): 5}
"""Lengths of the codes for lengths, by how many bits there are and which (RFC 7932, 3.5)."""


class PackingError(Exception):
    """Bits that no encoder can have written."""


class Bits:
    """Reads numbers of some bits, the lowest first. Raises EOFError at the end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def take(self, count: int) -> int:
        """The number that the next ``count`` bits are."""
        end = self.at + count
        if end > 8 * len(self._data):
            raise EOFError
        first = self.at >> 3
        whole = int.from_bytes(self._data[first : end + 7 >> 3], "little") >> (self.at & 7)
        self.at = end
        return whole & (1 << count) - 1

    def ahead(self, count: int) -> int:
        """What the next bits are, which need not be there."""
        first = self.at >> 3
        whole = int.from_bytes(self._data[first : self.at + count + 7 >> 3], "little")
        return whole >> (self.at & 7) & (1 << count) - 1

    def skip(self, count: int) -> None:
        """Pass over so many bits."""
        self.at += count
        if self.at > 8 * len(self._data):
            raise EOFError

    def octets(self, count: int) -> bytes:
        """The next ``count`` numbers of 8 bits."""
        first, shift = self.at >> 3, self.at & 7
        self.skip(8 * count)
        held = int.from_bytes(self._data[first : first + count + 1], "little") >> shift
        return (held & (1 << 8 * count) - 1).to_bytes(count, "little")

    def chosen(self, *choices: tuple[int, int]) -> int:
        """One of four: a number, and how many bits are added to it (U32)."""
        base, extra = choices[self.take(2)]
        return base + self.take(extra)

    def long(self) -> int:
        """A number of up to 64 bits (U64)."""
        choice = self.take(2)
        if choice < 3:
            return (0, 1, 17)[choice] + self.take((0, 4, 8)[choice])
        found, shift = self.take(12), 12
        while self.take(1):
            if shift == 60:
                return found | self.take(4) << shift
            found |= self.take(8) << shift
            shift += 8
        return found

    def kind(self) -> int:
        """The number of an enumeration."""
        return self.chosen((0, 0), (1, 0), (2, 4), (18, 6))

    def short(self, width: int) -> int:
        """A number whose length is told first, in ``width`` bits."""
        if not self.take(1):
            return 0
        count = self.take(width)
        return (1 << count) + self.take(count)

    def spelled(self, words: dict[tuple[int, int], int]) -> int:
        """What the next bits are the word for."""
        found = count = 0
        while (count, found) not in words:
            found |= self.take(1) << count
            count += 1
            if count > _LONGEST:
                raise PackingError("a word that does not exist")
        return words[count, found]


@dataclass(frozen=True, slots=True)
class _Split:
    """How a token and more bits make a number (C.3.3)."""

    exponent: int
    high: int = 0
    low: int = 0

    @classmethod
    def read(cls, bits: Bits, largest: int) -> _Split:
        exponent = bits.take(largest.bit_length())
        if exponent == largest:
            return cls(exponent)
        high = bits.take(exponent.bit_length())
        if high > exponent:
            raise PackingError("numbers that are put together of too much")
        low = bits.take((exponent - high).bit_length())
        if high + low > exponent:
            raise PackingError("numbers that are put together of too much")
        return cls(exponent, high, low)

    def number(self, token: int, bits: Bits) -> int:
        if token < 1 << self.exponent:
            return token
        kept = self.high + self.low
        count = self.exponent - kept + (token - (1 << self.exponent) >> kept)
        if count > 31:
            raise PackingError("a number that is too large")
        low = token & (1 << self.low) - 1
        high = token >> self.low & (1 << self.high) - 1 | 1 << self.high
        return (high << count | bits.take(count)) << self.low | low


class _Prefixes:
    """Tokens by codes of some bits each (C.2.4)."""

    def __init__(self, bits: Bits, size: int) -> None:
        self._only: int | None = 0
        self._longest = 0
        if size == 1:
            return
        choice = bits.take(2)
        lengths = _simple(bits, size) if choice == 1 else _complex(bits, size, choice)
        self._only, words = _words(lengths)
        self._longest = max(lengths)
        # Whatever stands behind a word, the word is known by its beginning.
        self._found = [(0, 0)] * (1 << self._longest)
        for (length, code), token in words.items():
            for place in range(code, 1 << self._longest, 1 << length):
                self._found[place] = (length, token)

    def octets(self) -> bytes | None:
        """What each 8 bits mean, where every code has as many and is a byte."""
        if self._only is not None or self._longest != 8:
            return None
        even = all(length == 8 and token < 256 for length, token in self._found)
        return bytes(token for _, token in self._found) if even else None

    def token(self, bits: Bits) -> int:
        if self._only is not None:
            return self._only
        length, token = self._found[bits.ahead(self._longest)]
        if not length:
            raise PackingError("a word that does not exist")
        bits.skip(length)
        return token


def _words(lengths: Sequence[int]) -> tuple[int | None, dict[tuple[int, int], int]]:
    """The words of codes with these lengths; or, where there is one alone, that one."""
    used = sorted((length, token) for token, length in enumerate(lengths) if length)
    if len(used) == 1:
        return used[0][1], {}
    words, code, before = {}, 0, 0
    for length, token in used:
        code <<= length - before
        before = length
        # The first bit of a code is its highest, and the first one read the lowest.
        words[length, int(f"{code:0{length}b}"[::-1], 2)] = token
        code += 1
    return None, words


def _simple(bits: Bits, size: int) -> list[int]:
    count = bits.take(2) + 1
    tokens = [bits.take((size - 1).bit_length()) for _ in range(count)]
    if len(set(tokens)) < count or max(tokens) >= size:
        raise PackingError("tokens that do not exist")
    given = {1: (1,), 2: (1, 1), 3: (1, 2, 2), 4: (2, 2, 2, 2)}[count]
    if count == 4 and bits.take(1):
        given = (1, 2, 3, 3)
    lengths = [0] * size
    for token, length in zip(tokens, given, strict=True):
        lengths[token] = length
    return lengths


def _complex(bits: Bits, size: int, skipped: int) -> list[int]:
    of_lengths = [0] * len(_LENGTHS_ORDER)
    space = 32
    for index in _LENGTHS_ORDER[skipped:]:
        if space <= 0:
            break
        of_lengths[index] = bits.spelled(_LENGTHS)
        space -= 32 >> of_lengths[index] if of_lengths[index] else 0
    if space and len(of_lengths) - of_lengths.count(0) != 1:
        raise PackingError("codes that are not complete")
    only, words = _words(of_lengths)
    lengths: list[int] = []
    before, repeated, repeats, space = 8, 0, 0, 1 << _LONGEST
    while len(lengths) < size and space > 0:
        length = bits.spelled(words) if only is None else only
        if length < 16:
            repeats = 0
            lengths.append(length)
            if length:
                before = length
                space -= 1 << _LONGEST >> length
            continue
        again = before if length == 16 else 0
        if again != repeated:
            repeats, repeated = 0, again
        had, extra = repeats, length - 14
        repeats = (repeats - 2 << extra if repeats else 0) + bits.take(extra) + 3
        lengths += [again] * (repeats - had)
        space -= (repeats - had << _LONGEST >> again) if again else 0
    if space or len(lengths) > size:
        raise PackingError("codes that are not complete")
    return lengths


class _Distribution:
    """Tokens by how often they are (C.2.5 and C.2.6): which one, how often it is, and where
    among its own, for each of the states' lowest twelve bits.
    """

    def __init__(self, bits: Bits, log_size: int) -> None:
        counts = _counts(bits)
        if len(counts) > 1 << log_size:
            raise PackingError("tokens that do not exist")
        self.slots = _slots(counts, log_size)


def _counts(bits: Bits) -> list[int]:
    if bits.take(1):
        tokens = [bits.short(3) for _ in range(bits.take(1) + 1)]
        counts = [0] * (max(tokens) + 1)
        counts[tokens[0]] = _RANGE if len(tokens) == 1 else bits.take(12)
        if len(tokens) == 2:
            if tokens[0] == tokens[1]:
                raise PackingError("one token twice")
            counts[tokens[1]] = _RANGE - counts[tokens[0]]
        return counts
    if bits.take(1):
        size = bits.short(3) + 1
        return [_RANGE // size + (index < _RANGE % size) for index in range(size)]
    width = 0
    while width < 3 and bits.take(1):
        width += 1
    shift = (bits.take(width) | 1 << width) - 1
    if shift > _RUN:
        raise PackingError("frequencies of no precision")
    return _each(bits, shift, bits.short(3) + 3)


def _each(bits: Bits, shift: int, size: int) -> list[int]:
    logs: list[int] = []
    runs: dict[int, int] = {}
    while len(logs) < size:
        log = bits.spelled(_LOG_COUNTS)
        if log == _RUN:
            length = bits.short(3) + 4
            runs[len(logs)] = length
            logs += [-1] * length
        else:
            logs.append(log)
    largest = max(logs)
    omitted = logs.index(largest)
    if largest < 0 or omitted + 1 in runs or len(logs) > size:
        raise PackingError("frequencies that do not add up")
    counts = [0] * size
    for index, log in enumerate(logs):
        if index in runs:
            before = counts[index - 1] if index else 0
            counts[index : index + runs[index]] = [before] * runs[index]
        elif log > 0 and index != omitted:
            precise = max(min(log - 1, shift - (13 - log >> 1)), 0)
            counts[index] = (1 << log - 1) + (bits.take(precise) << log - 1 - precise)
    counts[omitted] = _RANGE - sum(counts)
    if counts[omitted] <= 0:
        raise PackingError("frequencies that do not add up")
    return counts


def _slots(counts: list[int], log_size: int) -> list[tuple[int, int, int]]:
    size, each = 1 << log_size, _RANGE >> log_size
    counts = counts + [0] * (size - len(counts))
    if _RANGE in counts:
        only = counts.index(_RANGE)
        return [(only, _RANGE, at) for at in range(_RANGE)]
    cut = list(counts)
    over = [index for index in range(size) if cut[index] > each]
    under = [index for index in range(size) if cut[index] < each]
    other, shifted = list(range(size)), [0] * size
    while over:
        giving, taking = over.pop(), under.pop()
        cut[giving] -= each - cut[taking]
        other[taking], shifted[taking] = giving, cut[giving]
        if cut[giving] < each:
            under.append(giving)
        elif cut[giving] > each:
            over.append(giving)
    slots = []
    for index in range(size):
        for at in range(each):
            if at < cut[index]:
                slots.append((index, counts[index], at))
            else:
                token = other[index]
                slots.append((token, counts[token], shifted[index] - cut[index] + at))
    return slots


class Numbers:
    """Numbers, each in one of ``contexts``, which may be distributed as others are.

    Raises PackingError, and EOFError at the end.
    """

    def __init__(self, bits: Bits, contexts: int, *, copies: bool = True) -> None:
        self._bits = bits
        self._threshold: int | None = None
        if bits.take(1):
            if not copies:
                raise PackingError("copies where there are none")
            self._threshold = bits.chosen((224, 0), (512, 0), (4096, 0), (8, 15))
            self._shortest = bits.chosen((3, 0), (4, 0), (5, 2), (9, 8))
            self._of_lengths = _Split.read(bits, 8)
            contexts += 1
        self._map = _context_map(bits, contexts) if contexts > 1 else [0]
        count = max(self._map) + 1
        self._state = 0
        self._prefixes: list[_Prefixes] | None = None
        self._slots: list[list[tuple[int, int, int]]] = []
        prefixes = bits.take(1)
        log_size = _LONGEST if prefixes else bits.take(2) + 5
        self._splits = [_Split.read(bits, log_size) for _ in range(count)]
        if prefixes:
            sizes = [bits.short(4) + 1 for _ in range(count)]
            self._prefixes = [_Prefixes(bits, size) for size in sizes]
        else:
            self._slots = [_Distribution(bits, log_size).slots for _ in range(count)]
            self._state = bits.take(32)
        self._made: list[int] = []
        self._copying: list[int] = []

    def next(self, context: int) -> int:
        """The next number."""
        if self._threshold is None:
            return self._own(self._map[context])
        if not self._copying:
            token = self._token(self._map[context])
            if token < self._threshold:
                number = self._splits[self._map[context]].number(token, self._bits)
                self._made.append(number)
                return number
            length = self._of_lengths.number(token - self._threshold, self._bits) + self._shortest
            back = self._own(self._map[-1]) + 1
            if length > _MOST_BACK:
                raise PackingError("a copy that is too long")
            back = min(back, len(self._made), _MOST_BACK)
            source = self._made[len(self._made) - back :] if back else [0]
            whole = source[:length] if length <= len(source) else source * (length // len(source))
            whole = whole + source[: length - len(whole)]
            self._copying = whole[::-1]
            if not self._copying:
                raise PackingError("a copy of nothing")
        number = self._copying.pop()
        self._made.append(number)
        return number

    def octets(self, count: int) -> bytes | None:
        """The next ``count`` numbers at once, where each is a code of 8 bits in any context; None
        where they are not, and nothing has been read.
        """
        plain = self._threshold is None and set(self._map) == {0}
        codes = self._prefixes[0].octets() if plain and self._prefixes else None
        if codes is None or self._splits[0].exponent < 8:
            return None
        return self._bits.octets(count).translate(codes)

    def _own(self, cluster: int) -> int:
        return self._splits[cluster].number(self._token(cluster), self._bits)

    def _token(self, cluster: int) -> int:
        if self._prefixes is not None:
            return self._prefixes[cluster].token(self._bits)
        token, often, offset = self._slots[cluster][self._state & _RANGE - 1]
        state = often * (self._state >> 12) + offset
        if state < 1 << 16:
            state = state << 16 | self._bits.take(16)
        self._state = state
        return token

    def check_end(self) -> None:
        """Raises PackingError where what was read was not all, or something else."""
        if self._prefixes is None and self._state != _SIGNATURE:
            raise PackingError("numbers that do not end as they should")


def _context_map(bits: Bits, contexts: int) -> list[int]:
    """Which distribution each context has (C.2.2)."""
    if bits.take(1):
        width = bits.take(2)
        return [bits.take(width) for _ in range(contexts)]
    moved = bits.take(1)
    numbers = Numbers(bits, 1, copies=contexts > 2)
    found = [numbers.next(0) for _ in range(contexts)]
    numbers.check_end()
    if max(found) > 255:
        raise PackingError("more distributions than there can be")
    if moved:
        order = list(range(256))
        for index, place in enumerate(found):
            found[index] = order.pop(place)
            order.insert(0, found[index])
    return found


def as_bits(number: int, count: int) -> str:
    """A number as ``count`` digits, the first to be read first."""
    return f"{number:0{count}b}"[::-1] if count else ""


def as_kind(number: int) -> str:
    """The number of an enumeration, as digits."""
    if number < 2:
        return as_bits(number, 2)
    return (
        as_bits(2, 2) + as_bits(number - 2, 4)
        if number < 18
        else (as_bits(3, 2) + as_bits(number - 18, 6))
    )


def as_long(number: int) -> str:
    """A number of up to 60 bits (U64), as digits."""
    made = as_bits(3, 2) + as_bits(number & 4095, 12)
    number >>= 12
    while number:
        made += "1" + as_bits(number & 255, 8)
        number >>= 8
    return made + "0"
