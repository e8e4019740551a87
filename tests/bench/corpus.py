"""The documents of the benchmark: the same ones for the same number, however many are wanted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from service.codes import Category
from tests.bench import words

#: Documents at scale 1; characters of a short one (2 KB), of every 20th and of every 1000th.
DOCUMENTS = 100_000
SHORT, LONG, LONGEST = 680, 50_000, 1_000_000
_EACH_LONG, _EACH_LONGEST = 20, 1_000
#: Stands at the end of the longest ones and nowhere else.
LONGEST_WORD = "卷宗全编"
#: Documents of one customer.
_PER_CUSTOMER = 40
#: Characters of a page.
_PAGE = 1_400

_CATEGORIES = {
    Category.POTENTIAL: 0.15,
    Category.INTENDED: 0.25,
    Category.ACTIVE: 0.45,
    Category.ENDED: 0.15,
}
_KINDS = """contract supplement quotation bid technical_agreement proposal equipment_list drawing
commissioning acceptance schedule inquiry repair inspection training visit complaint invoice payment
statement requirement minutes letter other business_licence qualification""".split()
_TITLES = "合同 协议 报价单 方案 清单 验收单 纪要 来函 维修单 巡检报告 培训记录 对账单".split()
_FIRST_DAY = date(2018, 1, 1)
_DAYS = 3_200


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `owner` counts the salespeople."""

    name: str
    category: Category
    owner: int


@dataclass(frozen=True, slots=True)
class Document:
    """A document; `customer` counts the customers."""

    serial: int
    customer: int
    kind: str
    title: str
    dated: date | None
    filed: bool
    pages: list[str]


class Corpus:
    """A share of all documents, made anew each time they are wanted; 200 at least.

    `short`: none of the long ones, all have 2 KB.
    """

    def __init__(self, scale: float, *, short: bool = False) -> None:
        self.short = short
        self.documents = max(200, round(DOCUMENTS * scale))
        self.customers = max(10, self.documents // _PER_CUSTOMER)

    @cached_property
    def _words(self) -> words.Vocabulary:
        return words.vocabulary()

    def customer(self, number: int) -> Customer:
        """Return one customer."""
        chance = random.Random(f"customer {number}")
        name = (
            chance.choice(words.PLACES)
            + chance.choice(words.MARKS)
            + chance.choice(words.TRADES)
            + ("股份" if number % 7 == 0 else "")
            + "有限公司"
        )
        (category,) = chance.choices(list(_CATEGORIES), weights=list(_CATEGORIES.values()))
        return Customer(name, category, number % 4)

    def document(self, serial: int) -> Document:
        """Return one document; serials count from 1."""
        chance = random.Random(f"document {serial}")
        customer = chance.randrange(self.customers)
        title = chance.choice(words.STEMS) + chance.choice(words.HEADS) + chance.choice(_TITLES)
        dated = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
        text = self._text(chance, serial, customer, dated)
        return Document(
            serial=serial,
            customer=customer,
            kind=chance.choice(_KINDS),
            title=title,
            dated=dated if chance.random() < 0.8 else None,
            filed=chance.random() < 0.7,
            pages=[text[start : start + _PAGE] for start in range(0, len(text), _PAGE)],
        )

    def _text(self, chance: random.Random, serial: int, customer: int, dated: date) -> str:
        head = (
            f"{self.customer(customer).name}\n编号:HT-{dated.year}-{serial:05d}\n"
            f"联系人:{chance.choice(words.names())} 型号:{chance.choice(words.MODELS)}\n"
        )
        length = SHORT if self.short else _length(serial)
        text = head + self._words.text(chance, length - len(head))
        return f"{text}\n{LONGEST_WORD}" if length == LONGEST else text

    def __iter__(self) -> Iterator[Document]:
        return map(self.document, range(1, self.documents + 1))


def _length(serial: int) -> int:
    if serial % _EACH_LONGEST == 0:
        return LONGEST
    return LONG if serial % _EACH_LONG == 0 else SHORT
