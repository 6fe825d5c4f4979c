"""Which of the remaining words is a person's name, and how sure that is."""

import re

_SURNAMES = set(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅付方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛"
    "郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左"
    "柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶"
    "解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬"
    "边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原"
    "栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计"
    "索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕"
    "危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由经青盈习年水"
)
_DOUBLES = """
欧阳 上官 司马 诸葛 司徒 东方 夏侯 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 轩辕 端木 百里
南宫 独孤 呼延 钟离 闻人 申屠 澹台 淳于 单于 太史 公冶 濮阳 万俟 赫连 西门 拓跋
"""
_DOUBLE = set(_DOUBLES.split())
_TITLE = re.compile(
    r"(?:先生|女士|小姐|太太|老师|经理|主任|医生|师傅|同学|阿姨|叔叔|大姐|大哥|总|哥|姐|婶|叔|伯|嫂"
    r"|爷爷|奶奶|妈妈|爸爸)$"
)
_ADDRESSY = set(
    "路街巷弄号栋幢座室楼层单元房园苑村镇乡县市省区组队店厂院校馆厦城场站厅所门口旁"
)
_NEVER = re.compile(
    r"前台|门卫|物业|收发|保安|快递|驿站|丰巢|超市|公司|家里|单位|学校|代收|自提|尽快|发货|谢谢|备注|东边"
    r"|西边|南边|北边|对面|附近|旁边|左边|右边|楼下|楼上|顺丰|邮政|包裹|默认|暂无|周末|工作日|白天|晚上"
)
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002ebef]+")
_DOTTED = re.compile(r"[\u4e00-\u9fff]{1,8}(?:[·•.．‧][\u4e00-\u9fff]{1,8}){1,3}")
_LATIN = re.compile(r"[A-Za-z][A-Za-z.'-]{1,20}(?: [A-Za-z][A-Za-z.'-]{0,20}){0,3}")
_RECEIVES = re.compile(r"[(\[]?\s*(?:亲启|亲收|收件|收货|收)\s*[)\]]?$")
_BRACKETED = re.compile(r"\s*[\[(]\s*(?:\d{3,4}|先生|女士)\s*[\])]")
_GLUED = re.compile(r"(?<=[\d号室楼栋房座层户元])([\u4e00-\u9fff]{2,4})$")

SURE, ENOUGH = 6, 5


def cleaned(word: str) -> str:
    """The name without 收, (收), [4831] and what stands around it."""
    bare = _RECEIVES.sub("", _BRACKETED.sub("", word).strip(" :：-_.()[]"))
    return bare.strip(" :：-_.()[]")


def score(word: str, *, beside_phone: bool, at_an_end: bool) -> int:
    """How much the word looks like a name: ENOUGH and more is one, SURE is certain.

    `beside_phone` and `at_an_end` say where it stands in the pasted text.
    """
    bare = cleaned(word)
    if not bare or _NEVER.search(bare):
        return 0
    points = 3 * beside_phone + at_an_end + 3 * (bare != word.strip())
    if _DOTTED.fullmatch(bare):
        return points + 6
    if _LATIN.fullmatch(bare):
        return points + 2
    if not _HAN.fullmatch(bare) or len(bare) > 5:
        return 0
    titled = _TITLE.search(bare)
    if titled and len(bare) > len(titled[0]):
        return points + 6
    if len(bare) < 2 or any(letter in _ADDRESSY for letter in bare[1:]):
        return points + 1 if has_surname(bare) and len(bare) in (2, 3) else 0
    return points + (5 if has_surname(bare) else 1)


def has_surname(bare: str) -> bool:
    """Whether it begins as Chinese names do, with a name left after the surname."""
    if bare[:2] in _DOUBLE:
        return 3 <= len(bare) <= 4
    return bare[:1] in _SURNAMES and 2 <= len(bare) <= 3


def glued_to_the_end(word: str) -> str:
    """The name at the end of 尖山路39号2栋301李明; "" where there is none."""
    found = _GLUED.search(word)
    if not found or _NEVER.search(found[1]) or not has_surname(found[1]):
        return ""
    return "" if any(letter in _ADDRESSY for letter in found[1][1:]) else found[1]
