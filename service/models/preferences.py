"""What people chose for themselves."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id


class Preference(Base):
    """A person's own choices, which go with the account from browser to browser."""

    __tablename__ = "preference"
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: the catalogue that pages are read in
    language: Mapped[str] = mapped_column(String(16))
