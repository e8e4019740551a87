"""The words of the benchmark's texts: stems of the trade, what is made of them, names, models."""

import random
from dataclasses import dataclass
from itertools import accumulate

STEMS = """
机器人 焊接 码垛 喷涂 装配 搬运 打磨 抛光 涂胶 点胶 切割 上料 下料 分拣 检测 视觉 夹具 夹爪
控制柜 减速器 伺服 电机 导轨 变位机 输送线 产线 工作站 机械臂 示教器 传感器 力控 激光 弧焊 点焊
螺柱 焊枪 送丝机 焊机 电源 气路 水冷 线缆 拖链 底座 围栏 光栅 安全门 急停 互锁 总线 工控机 程序
离线编程 仿真 节拍 精度 重复定位 负载 臂展 防护等级 汽车 零部件 座椅 车身 底盘 电池 模组 电芯
家电 空调 压缩机 冰箱 洗衣机 五金 卫浴 陶瓷 玻璃 光伏 硅片 组件 铸造 锻造 冲压 注塑 压铸 机加工
数控 车床 铣床 加工中心 物流 仓储 立库 料箱 托盘 包装 食品 饮料 乳品 医药 化工 钢铁 铝材 船舶
轨道 工程机械 农机 电梯 电缆 轴承 齿轮 阀门 水泵 风机 轮毂 轮胎 橡胶 塑料 木工 家具 鞋服 纺织
电子 半导体 晶圆 显示屏 手机 笔记本 电路板 合同 协议 报价 投标 付款 预付款 进度款 质保金 尾款
发票 税率 交货 交期 运输 保险 包装箱 验收 初验 终验 预验收 调试 安装 培训 陪产 保养 维护 维修
备件 易损件 质保期 售后 响应 到场 巡检 点检 润滑 更换 校准 标定 故障 报警 停机 停线 碰撞 抖动
异响 漏油 过热 过载 断线 误差 偏移 干涉 返工 整改 索赔 违约金 赔偿 争议 仲裁 需求 方案 布局 图纸
清单 规格 参数 技术要求 接口 信号 通讯 协作 安全 风险 评估 认证 标准 规范 手册 说明书 会议 纪要
来函 回函 拜访 客户 供应商 集成商 代理商 业主 总包 分包 项目经理 工程师 操作员 电气 机械 工艺
质量 采购 销售 财务 法务 人事 生产 设备 车间 工厂 园区 仓库 办公室 现场 线体 工位 工序 夹持 定位
抓取 放置 翻转 对中 寻位 跟踪 摆动 起弧 收弧 焊缝 焊点 熔深 飞溅 气孔 余高 坡口 板厚 不锈钢 碳钢
铝合金 铜排 镀锌 涂层 清洗 烘干 固化 喷房 供漆 换色 静电 粉末 油漆 底漆 面漆 膜厚 流平 产能 良率
稼动率 班次 人工 成本 回报 预算 审批 授权 盖章 签字 附件 补充 变更 延期 暂停 恢复 终止 续签 框架
长期 年度 季度 月度 计划 排期 里程碑 进度 首付 账期 对账 回款 信用 额度 抵押 担保 保函 汇款 承兑
电汇 含税 不含税 折扣 让利 单价 总价 数量 台套 批次
""".split()

HEADS = """
系统 单元 方案 设备 装置 平台 模块 总成 线体 工段 项目 合同 标准 规范 流程 作业 任务 参数 数据
报告 记录 清单 说明 图纸 程序 软件 接口 控制 监控 管理 优化 改造 升级 调整 测试 试验 检查 验证
确认 评审 交付 服务 支持 保障 工艺 效率 能力 要求 指标 条件 范围 费用 价格 比例 周期 时间 日期
人员 单位 责任 问题
""".split()

COMMON = """
的 和 与 及 在 由 为 对 按 应 须 可 已 未 不 后 前 内 外 上 下 本 该 其 各 双方 甲方 乙方 进行
完成 提供 负责 确定 根据 按照 如果 以及 并且 或者 需要 可以 应当 不得 同意 其中 包括 之前 之后
以上 以下
""".split()

SURNAMES = """
王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹
袁 邓 许 傅 沈 曾 彭 吕 欧阳 司马 诸葛 上官
""".split()
GIVEN = """
伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 桂英 建国 志强 晓燕 文博 雨桐 子轩
思远 嘉怡 海波 国庆 秀兰 振华 立新 永康 婉清 若曦 俊熙 浩然 佳宁
""".split()

MODELS = """
KR210 KR16 KR6 KR120 R2700 KR-1000 IRB6700-235 IRB2600 IRB1410 IRB-120 M20iD M-10iA R2000iC
LRMate200iD ARCMate120iC GP25 GP180 AR2010 HC10 MH24 TX2-60 RS020N RS080 BX200L CR-35iA UR5e
UR10e NX100 DX200 KRC4 KRC5 IRC5 R-30iB S7-1500 S7-1200 ET200SP RV-40E RV-110E HSK-A63 ISO9409
PROFINET2
""".split()
ENGLISH = """
robot welding PLC KUKA ABB FANUC Yaskawa EtherCAT Profinet IO OPC UA MES ERP AGV SOP FAT SAT
payload gripper servo cell layout offline safety
""".split()

PLACES = """
上海 苏州 宁波 杭州 无锡 常州 南通 嘉兴 合肥 芜湖 武汉 长沙 重庆 成都 西安 郑州 青岛 济南 烟台
天津 沈阳 大连 长春 广州 佛山 东莞 中山 珠海 厦门 福州 泉州 昆山 太仓 慈溪 余姚 台州 温州 绍兴
""".split()
MARKS = """
望潮 启明 恒远 瑞川 博锐 嘉禾 云岭 海岳 金帆 鼎新 正泓 华盛 联创 卓越 精诚 天工 智行 宏图 凌云
安晟 万象 东篱 南屏 西岭 北辰 青禾 白鹭 丹枫 明湖 龙溪
""".split()
TRADES = """
汽车零部件 智能装备 精密机械 自动化设备 电器 新能源 压缩机 五金制品 工程机械 食品饮料 医药包装
半导体材料 轨道交通 船舶配套 家居 铝业
""".split()

#: Words made of two characters of the others, so that not every text holds every word.
_INVENTED = 4_000

#: Items that end a sentence, with what share of all items they are.
_STOPS = {"，": 0.06, "。": 0.03, "。\n": 0.02, "；": 0.01, "、": 0.01}
_SKEW = 0.9


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What texts are drawn from: items and their weights, added up."""

    items: list[str]
    sums: list[float]

    def text(self, chance: random.Random, characters: int) -> str:
        """Return about so many characters of text."""
        pieces: list[str] = []
        missing = characters
        while missing > 0:
            drawn = "".join(
                chance.choices(self.items, cum_weights=self.sums, k=max(8, missing // 3))
            )
            pieces.append(drawn)
            missing -= len(drawn)
        return "".join(pieces)[:characters]


def names() -> list[str]:
    """Return the names of people that occur in texts."""
    return [surname + given for surname in SURNAMES for given in GIVEN]


def vocabulary() -> Vocabulary:
    """Return all items; the rank of each word is drawn once, its weight falls with the rank."""
    chance = random.Random("words")
    compounds = [stem + head for stem in STEMS for head in HEADS if stem != head]
    rare = [*compounds, *names(), *(f" {word} " for word in (*MODELS, *ENGLISH))]
    characters = sorted(set("".join((*STEMS, *HEADS))))
    invented = ["".join(chance.sample(characters, 2)) for _ in range(_INVENTED)]
    frequent = [*STEMS, *invented]
    chance.shuffle(frequent)
    chance.shuffle(rare)
    ranked = [*COMMON, *frequent, *rare]
    weights = [1 / (rank + 10) ** _SKEW for rank in range(len(ranked))]
    whole = sum(weights)
    items = [*ranked, *_STOPS]
    weights += [whole * share for share in _STOPS.values()]
    return Vocabulary(items, list(accumulate(weights)))
