"""What the measured files say: papers as a robot maker's archive holds them, invented, seeded.

None of this text was looked at while readers and recognition were tuned.
"""

import random
from dataclasses import dataclass
from typing import Final

Row = tuple[str, ...]

_CLAUSES: Final = (
    "甲方委托乙方对位于{place}的{model}型焊接机器人工作站进行大修，共{n}台，含控制柜与变位机。",
    "本次大修的总价为人民币{sum}元（大写以附件二为准），已含{rate}%增值税专用发票。",
    "乙方应在收到预付款后{days}个工作日内进场，并于{date}之前完成全部调试。",
    "减速机更换后须连续空载运行{n}小时，重复定位精度不得低于±0.0{digit}毫米。",
    "若因甲方现场未具备条件（如压缩空气低于0.{digit}MPa、接地电阻高于4Ω）而误工，工期顺延。",
    "备件清单见附表，凡编号以“{code}”开头者均为原厂件，质保期自验收之日起{months}个月。",
    "任何一方迟延履行的，每逾期一日应支付合同总额万分之{digit}的违约金，累计不超过{rate}%。",
    "联系人：{person}，电话 0{area}-{phone}，电子邮箱 service{n}@example.com。",
    "双方技术人员于{date}在{place}召开协调会，确认夹具改造方案第{n}版可以实施。",
    "巡检中发现第{digit}轴电缆护套磨损、示教器急停按钮回弹迟缓，建议一周内更换。",
    "The controller {code} shall be updated to firmware V{digit}.{n} before acceptance.",
    "培训内容包括安全规程、零点校准、程序备份与恢复，参加者共{n}人，全部通过考核。",
    "本协议一式{digit}份，甲乙双方各执其半，自双方签字并加盖公章之日起生效。",
    "未尽事宜由双方友好协商；协商不成的，提交{place}仲裁委员会按其现行规则裁决。",
    "噪声测试在距设备1米处进行，A计权声压级平均{rate}.{digit}分贝，符合《工厂企业厂界标准》。",
    "客户反映夜班时段偶发通讯中断，经查系交换机{code}端口老化，已予更换并观察{days}天。",
)
_HEADS: Final = "大修服务合同 备件报价单 现场协调会纪要 季度巡检报告 验收记录 技术协议".split()
_PLACES: Final = (
    "苏州市吴江区 宁波市北仑区 长春市绿园区 佛山市顺德区 襄阳市高新区 芜湖市鸠江区".split()
)
_MODELS: Final = "KR210 R2700 IRB6700 M-20iD GP25 RX160 KR16".split()
_PEOPLE: Final = "韩梓涵 欧阳晓峰 覃丽萍 翟志远 瞿敏 闫凯旋".split()
_PARTS: Final = "减速机 谐波齿轮 伺服电机 编码器电池 示教器电缆 平衡缸 密封圈组 润滑脂".split()
#: Clauses of a paper, and rows of its table.
_LENGTH: Final = 14
_ROWS: Final = 7


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of paragraphs and a table, and what stands around them."""

    title: str
    clauses: tuple[str, ...]
    table: tuple[Row, ...]
    header: str
    footnote: str
    box: str
    remark: str

    @property
    def body(self) -> str:
        """Return what stands in the text itself, in its order."""
        return "\n".join([self.title, *self.clauses, *(" ".join(row) for row in self.table)])


def paper(number: int) -> Paper:
    """Return the paper with this number, always the same."""
    chance = random.Random(f"paper {number}")
    chosen = chance.sample(_CLAUSES, _LENGTH)
    clauses = tuple(f"第{n}条 {_filled(c, chance)}" for n, c in enumerate(chosen, 1))
    return Paper(
        title=f"{chance.choice(_PLACES)}{_HEADS[number % len(_HEADS)]}",
        clauses=clauses,
        table=rows(chance, _ROWS),
        header=f"档案号 {chance.randrange(10**7):07d}",
        footnote=f"依据{_day(chance)}签订的框架协议。",
        box=f"紧急联络：{chance.choice(_PEOPLE)}",
        remark=f"请{chance.choice(_PEOPLE)}复核此处金额。",
    )


def rows(chance: random.Random, count: int) -> tuple[Row, ...]:
    """Return a table with its heading: words, codes and amounts."""
    lines = [
        (
            str(n),
            chance.choice(_PARTS),
            _code(chance),
            str(chance.randrange(1, 60)),
            f"{chance.randrange(2_000_000) / 100:,.2f}",
        )
        for n in range(1, count + 1)
    ]
    return ("序号", "名称", "编号", "数量", "金额（元）"), *lines


def _filled(clause: str, chance: random.Random) -> str:
    return clause.format(
        place=chance.choice(_PLACES),
        model=chance.choice(_MODELS),
        n=chance.randrange(2, 49),
        sum=f"{chance.randrange(20_000, 9_000_000):,}.00",
        rate=chance.choice((6, 9, 13, 68, 72)),
        days=chance.randrange(3, 45),
        date=_day(chance),
        digit=chance.randrange(2, 9),
        months=chance.choice((12, 18, 24, 36)),
        code=_code(chance),
        person=chance.choice(_PEOPLE),
        area=chance.choice(("512", "574", "431", "757")),
        phone=f"{chance.randrange(20_000_000, 90_000_000)}",
    )


def _code(chance: random.Random) -> str:
    letters = "".join(chance.choices("ABCDEFGHKMNPRSTUVWXY", k=2))
    return f"{letters}-{chance.randrange(1000, 9999)}-{chance.choice('ABCDEF')}"


def _day(chance: random.Random) -> str:
    return f"20{chance.randrange(17, 27)}年{chance.randrange(1, 13)}月{chance.randrange(1, 29)}日"
