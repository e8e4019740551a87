"""What the archive keeps of its own running: sums of what was counted, and what was measured."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base


class Figure(Base):
    """What all processes counted under one name and labels (JSON), since the first start."""

    __tablename__ = "figure"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    labels: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[float]


class Probe(Base):
    """The last measurement of a kind, or the last sign of life of a process."""

    __tablename__ = "probe"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    taken: Mapped[datetime]
    #: JSON with counts, codes and ids
    body: Mapped[str] = mapped_column(Text)
