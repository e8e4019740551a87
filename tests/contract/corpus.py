"""A seeded archive of short documents and the questions it is asked: the same in every run."""

import random
from collections.abc import Iterator
from datetime import date
from functools import cache

from service import personal_numbers
from service.codes import Category
from service.search import analysis
from service.search.port import SearchDocument
from tests.contract.engines import DAY, blind

SIZE = 20_000

_WORDS = (
    "机器人 焊接 搬运 码垛 喷涂 装配 合同 付款 方式 预付款 尾款 质保金 验收 调试 安装 培训 维护 "
    "巡检 维修 备件 报价 投标 技术 协议 方案 图纸 清单 工位 夹具 末端 执行器 控制柜 示教器 减速机 "
    "伺服 电机 传感器 视觉 相机 输送线 安全 围栏 光栅 急停 气动 电气 机械 程序 节拍 产能 良率 交付 "
    "工期 延期 违约 责任 保密 发票 税率 银行 账户 地址 联系人 经理 工程师 客户 公司 工厂 车间 产线 "
    "项目 阶段 里程碑 会议 纪要 需求 变更 确认 签字 盖章 附件 说明 要求 标准 规范 检测 报告 合格 "
    "不合格 整改 完成 计划 风险 库卡 发那科 安川 川崎 庫卡 機器人 維護 協議 驗收"
).split()
_LATIN = (
    "kuka fanuc yaskawa abb robot welding controller teach pendant plc hmi agv safety laser"
).split()
_MODELS = "KR IRB M GP RS UR HT PO SN".split()
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华"
_KINDS = {
    "contract": "contract",
    "quotation": "contract",
    "minutes": "demand",
    "invoice": "finance",
}
_GRADES = ("general", "general", "confidential", "secret", "top")
_PEOPLE = [f"person{n}" for n in range(12)]
_STATUSES = ("filed",) * 18 + ("draft", "restricted")
_CATEGORIES = (Category.POTENTIAL, Category.INTENDED) + (Category.ACTIVE,) * 3 + (Category.ENDED,)


def documents() -> Iterator[SearchDocument]:
    """Yield the archive; every eighth document holds one of two hundred mobile numbers."""
    chance = random.Random(20_240_305)
    for serial in range(SIZE):
        yield _document(chance, serial)


@cache
def mobiles() -> list[str]:
    chance = random.Random(7)
    return [f"13{chance.randrange(10**9):09}" for _ in range(200)]


def queries(seed: int, count: int = 20) -> dict[str, list[str]]:
    """Return typed queries by operator, made of what the archive is made of."""
    chance = random.Random(seed)
    numbers = mobiles()
    makers = {
        "word": lambda: _word(chance),
        "characters": lambda: _piece(chance),
        "phrase": lambda: f"“{_word(chance)}{chance.choice(('', ' ', '，'))}{_word(chance)}”",
        "and": lambda: f"{_word(chance)} {_word(chance)}",
        "or": lambda: f"{_name(chance)} OR {_word(chance)} OR {_model(chance)}",
        "minus": lambda: f"{_word(chance)} -{_word(chance)} -{_latin(chance)}",
        "only minus": lambda: f"-{_word(chance)}",
        "prefix": lambda: f"{_latin(chance)[:3]}*",
        "digits": lambda: f"{chance.randrange(10, 60)}*",
        "code": lambda: _model(chance),
        "code prefix": lambda: f"{_model(chance).replace(' ', '')[:-1]}*",
        "name": lambda: _name(chance),
        "blind": lambda: chance.choice(numbers),
        "blind and words": lambda: f"{chance.choice(numbers)} OR “{_word(chance)} {_word(chance)}”",
        "latin": lambda: " ".join((_latin(chance), _latin(chance))).upper(),
        "everything": lambda: "",
    }
    return {name: [make() for _ in range(count)] for name, make in makers.items()}


def _document(chance: random.Random, serial: int) -> SearchDocument:
    kind = chance.choice(list(_KINDS))
    people = chance.sample(_PEOPLE, chance.choice((1, 1, 2, 3)))
    title, tokens = personal_numbers.broken(_sentence(chance, 4), blind)
    body, more = personal_numbers.broken(_body(chance), blind)
    day = DAY - chance.randrange(1_500)
    return SearchDocument(
        uid=f"document{serial:05}",
        version_id=f"version{serial:05}",
        customer_id=f"customer{serial % 700}",
        category=chance.choice(_CATEGORIES),
        status=chance.choice(_STATUSES),
        owner=people[0],
        people=tuple(sorted(people)),
        kind=kind,
        module=_KINDS[kind],
        grade=chance.choice(_GRADES),
        filing=chance.choice(("filed", "filed", "submitted")),
        year=date.fromordinal(day).year,
        sort_key=day << 32 | serial,
        rev=serial,
        title_t=analysis.tokenized(title),
        body_t="" if serial % 50 == 0 else analysis.tokenized(body),
        customer_t=analysis.tokenized(f"{_piece(chance)}{_word(chance)}有限公司"),
        codes=analysis.codes(f"{title}\n{body}"),
        blind=tuple(dict.fromkeys(tokens + more)),
    )


def _body(chance: random.Random) -> str:
    sentences = [_sentence(chance, 9) for _ in range(chance.randrange(1, 7))]
    if chance.random() < 1 / 8:
        sentences.append(f"联系电话{chance.choice(mobiles())}")
    return "。\n".join(sentences)


def _sentence(chance: random.Random, length: int) -> str:
    makers = (_word,) * 12 + (_latin, _model, _name)
    count = chance.randrange(2, length)
    return chance.choice(("", " ")).join(chance.choice(makers)(chance) for _ in range(count))


def _word(chance: random.Random) -> str:
    return _WORDS[min(int(chance.expovariate(1 / 25)), len(_WORDS) - 1)]


def _piece(chance: random.Random) -> str:
    word = _word(chance)
    start = chance.randrange(len(word))
    return word[start : start + chance.randrange(1, 3)]


def _latin(chance: random.Random) -> str:
    return f" {chance.choice(_LATIN)} "


def _model(chance: random.Random) -> str:
    between = chance.choice(("", "", " ", "-", "/"))
    return f"{chance.choice(_MODELS)}{between}{chance.randrange(10, 60)}"


def _name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES[:8]) + chance.choice(_GIVEN[:10])
