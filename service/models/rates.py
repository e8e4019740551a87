"""How often people's programs ask, counted for all processes."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id


class RequestCount(Base):
    """What processes took of a person's limit in a minute; over it, the entry that says so."""

    __tablename__ = "request_count"
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: since 1970
    minute: Mapped[int]
    taken: Mapped[int]
    event: Mapped[int | None] = mapped_column(BigInteger)
