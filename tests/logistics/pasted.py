"""Addresses as people paste them, and what must be read. All the people are invented.

Each row: the text; name; phone; place, written from the province down to what was read
("" where nothing is certain); detail; and where they matter: missing, choices, unsure,
a place beyond the mainland, what was meant as a phone number and is none.
"""

from typing import NamedTuple

P = "13800138000"
YUELU = "湖南省长沙市岳麓区"
LUGU = "湖南省长沙市岳麓区麓谷街道"
HOUSE = "尖山路39号2栋301"
PLACE = ("province", "city", "county")


class Row(NamedTuple):
    text: str
    name: str
    phone: str
    place: str
    detail: str
    missing: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    beyond: str = ""
    unread_phone: str = ""


# One after the other, with every kind of separator, or none.
ORDERS = [
    Row(f"李明,{P},{LUGU}{HOUSE}", "李明", P, LUGU, HOUSE),
    Row(f"李明{P}{LUGU}{HOUSE}", "李明", P, LUGU, HOUSE),
    Row(f"李明{LUGU}{HOUSE} {P}", "李明", P, LUGU, HOUSE),
    Row(f"{LUGU}{HOUSE}李明{P}", "李明", P, LUGU, HOUSE, unsure=("name",)),
    Row(f"{LUGU}{HOUSE} 李明 {P}", "李明", P, LUGU, HOUSE),
    Row(f"{P} {LUGU}{HOUSE} 李明", "李明", P, LUGU, HOUSE),
    Row(f"{P},{LUGU}{HOUSE},李明", "李明", P, LUGU, HOUSE),
    Row(f"李明、{P}、{LUGU}{HOUSE}。", "李明", P, LUGU, HOUSE),
    Row(f"李明;{P};{LUGU};{HOUSE}", "李明", P, LUGU, HOUSE),
    Row(f"李明|{P}|湖南省|长沙市|岳麓区|{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明/{P}/湖南省/长沙市/岳麓区/{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"湖南省-长沙市-岳麓区-{HOUSE} 李明-{P}", "李明", P, YUELU, HOUSE),
    Row(f"湖南省_长沙市_岳麓区_麓谷街道_{HOUSE}_李明_{P}", "李明", P, LUGU, HOUSE),
    Row(f"李明\n{P}\n湖南省\n长沙市\n岳麓区\n{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"  李明 \t{P}\r\n\r\n{YUELU}   {HOUSE} \n", "李明", P, YUELU, HOUSE),
    Row(f"李明（{P}）{YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"{HOUSE} {YUELU} 李明 {P}", "李明", P, YUELU, HOUSE),
    Row(
        f"南京西路1266号 上海市静安区 李明 {P}",
        "李明",
        P,
        "上海市静安区",
        "南京西路1266号",
    ),
]

# In Latin letters: read where province, city and district stand between commas.
LATIN = [
    Row(
        f"Tom Li, {P}, 88 Lushan Road, Yuelu District, Changsha, Hunan",
        "Tom Li",
        P,
        YUELU,
        "88 Lushan Road",
    ),
    Row(
        f"Tom Li {P}, Hunan Province, Changsha City, Yuelu, 88 Lushan Road",
        "Tom Li",
        P,
        YUELU,
        "88 Lushan Road",
    ),
    Row(
        f"Tom Li, {P}, Beilin District, Xi'an, Shaanxi, China",
        "Tom Li",
        P,
        "陕西省西安市碑林区",
        "",
        ("detail",),
    ),
    Row(
        f"Tom Li, {P}, 1 Main Street, Haidian, Beijing",
        "Tom Li",
        P,
        "北京市海淀区",
        "1 Main Street",
    ),
    Row(
        f"Tom Li, {P}, 1 Main Street, Changsha, Hunan 410000",
        "Tom Li",
        P,
        "湖南省长沙市",
        "1 Main Street",
        ("county",),
    ),
    # A province alone may be somebody's name, and xian is not in Shanxi.
    Row(
        f"Tom Li, {P}, 1 Main Street, Hunan",
        "Tom Li",
        P,
        "",
        "1 Main Street Hunan",
        PLACE,
    ),
    Row(
        f"Tom Li, {P}, 1 Main Street, Xi'an, Shanxi",
        "Tom Li",
        P,
        "",
        "1 Main Street Xi'an Shanxi",
        PLACE,
    ),
]

# With labels, as malls, chats and clerks write them.
LABELS = [
    Row(
        f"收货人: 李明\n手机号码: {P}\n所在地区: {LUGU}\n详细地址: {HOUSE}",
        "李明",
        P,
        LUGU,
        HOUSE,
    ),
    Row(
        f"收货人：李明，手机号码：{P}，所在地区：{YUELU}，街道：麓谷街道，详细地址：{HOUSE}",
        "李明",
        P,
        LUGU,
        HOUSE,
    ),
    Row(
        f"姓名:李明\n电话:{P}\n省份:湖南省\n城市:长沙市\n区县:岳麓区\n详细地址:{HOUSE}",
        "李明",
        P,
        YUELU,
        HOUSE,
    ),
    Row(f"地址：{YUELU}{HOUSE} 电话：{P} 收件人：李明", "李明", P, YUELU, HOUSE),
    Row(f"收件人李明 手机号{P} 地址{YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"收件人 李明 电话 {P} 收件地址 {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"【收货人】李明【电话】{P}【地址】{YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(
        f"联系人：李明\n联系方式：{P}\n收货地址：{YUELU}{HOUSE}",
        "李明",
        P,
        YUELU,
        HOUSE,
    ),
    Row(
        f"李明，86-{P}，湖南省 长沙市 岳麓区 麓谷街道 {HOUSE} ，410000",
        "李明",
        P,
        LUGU,
        HOUSE,
    ),
    Row(f"李明，{P}，{LUGU} {HOUSE}，000000", "李明", P, LUGU, HOUSE),
    Row(f"李明 {P} {YUELU}{HOUSE} 邮编：410000", "李明", P, YUELU, HOUSE),
    Row(
        f"寄件人：张三 13900139000 深圳市南山区1号\n收件人：李明 {P} {YUELU}{HOUSE}",
        "李明",
        P,
        YUELU,
        HOUSE,
    ),
    Row(f"麻烦寄到{YUELU}{HOUSE}，李明收，{P}，谢谢", "李明", P, YUELU, HOUSE),
    Row(f"📍{YUELU}{HOUSE} 📞{P} 👤李明", "李明", P, YUELU, HOUSE),
    Row(f"中国{YUELU}{HOUSE} 李明（收） {P}", "李明", P, YUELU, HOUSE),
]

# Telephone numbers.
PHONES = [
    Row(f"李明 138 0013 8000 {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明 138-0013-8000 {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明 +86 138-0013-8000 {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明 (+86){P} {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明 008613800138000 {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"李明　１３８００１３８０００　{YUELU}３９号", "李明", P, YUELU, "39号"),
    Row(f"李明 10000000001 {YUELU}{HOUSE}", "李明", "10000000001", YUELU, HOUSE),
    Row(
        f"李明 18412345678-4831 {YUELU}{HOUSE}",
        "李明",
        "18412345678",
        YUELU,
        f"{HOUSE} 转4831",
    ),
    Row(
        f"李明{P}/13900139000{YUELU}{HOUSE}",
        "李明",
        P,
        YUELU,
        f"{HOUSE} 13900139000",
    ),
    Row(
        f"李明 0731-88888888 {YUELU}39号",
        "李明",
        "",
        YUELU,
        "0731-88888888 39号",
        missing=("phone",),
    ),
    Row(f"李明 138****8000 {YUELU}39号", "李明", "", YUELU, "39号", missing=("phone",)),
    Row(
        f"李明 430104199001011234 {YUELU}39号",
        "李明",
        "",
        YUELU,
        "430104199001011234 39号",
        missing=("phone",),
    ),
]

# Places: municipalities, missing endings, autonomous regions, odd levels.
PLACES = [
    Row(f"北京市朝阳区建国路88号 王芳 {P}", "王芳", P, "北京市朝阳区", "建国路88号"),
    Row(
        f"北京市北京市朝阳区建国路88号 王芳 {P}",
        "王芳",
        P,
        "北京市朝阳区",
        "建国路88号",
    ),
    Row(
        f"北京 市辖区 朝阳区建国路88号 王芳 {P}",
        "王芳",
        P,
        "北京市朝阳区",
        "建国路88号",
    ),
    Row(
        f"北京 朝阳区 三环以内 建国路88号A座 王芳 {P}",
        "王芳",
        P,
        "北京市朝阳区",
        "三环以内建国路88号A座",
    ),
    Row(
        f"上海 浦东新区 科苑路88号 赵强 {P}", "赵强", P, "上海市浦东新区", "科苑路88号"
    ),
    Row(f"重庆市渝北区龙塔街道1号 赵强 {P}", "赵强", P, "重庆市渝北区", "龙塔街道1号"),
    Row(f"重庆垫江县1号 赵强 {P}", "赵强", P, "重庆市垫江县", "1号"),
    Row(f"李明{P}天津和平区南京路1号", "李明", P, "天津市和平区", "南京路1号"),
    Row(f"湖南长沙岳麓区{HOUSE} 李明 {P}", "李明", P, YUELU, HOUSE),
    Row(f"湖南 长沙 岳麓 {HOUSE} 李明 {P}", "李明", P, YUELU, HOUSE),
    Row(f"湖南长沙岳麓麓谷街道{HOUSE} 李明 {P}", "李明", P, LUGU, HOUSE),
    Row(f"长沙市岳麓区{HOUSE} 李明 {P}", "李明", P, YUELU, HOUSE),
    Row(f"岳麓区{HOUSE} 李明 {P}", "李明", P, YUELU, HOUSE),
    Row(f"长沙市麓谷街道{HOUSE} 李明 {P}", "李明", P, LUGU, HOUSE),
    Row(f"麓谷街道办事处旁 {YUELU} 李明 {P}", "李明", P, YUELU, "麓谷街道办事处旁"),
    Row(f"{YUELU}麓谷街道办事处{HOUSE} 李明 {P}", "李明", P, LUGU, HOUSE),
    Row(f"长沙望城县月亮岛1号 李明 {P}", "李明", P, "湖南省长沙市望城区", "月亮岛1号"),
    Row(f"湖南浏阳市淮川1号 李明 {P}", "李明", P, "湖南省长沙市浏阳市", "淮川1号"),
    Row(
        f"江苏昆山绿地大道1号 李明 {P}", "李明", P, "江苏省苏州市昆山市", "绿地大道1号"
    ),
    Row(
        f"新疆维吾尔自治区乌鲁木齐市天山区解放南路1号 阿依古丽·买买提 {P}",
        "阿依古丽·买买提",
        P,
        "新疆维吾尔自治区乌鲁木齐市天山区",
        "解放南路1号",
    ),
    Row(
        f"新疆乌鲁木齐天山区解放南路1号 李明 {P}",
        "李明",
        P,
        "新疆维吾尔自治区乌鲁木齐市天山区",
        "解放南路1号",
    ),
    Row(
        f"欧阳娜{P}内蒙呼和浩特赛罕区大学西路1号",
        "欧阳娜",
        P,
        "内蒙古自治区呼和浩特市赛罕区",
        "大学西路1号",
    ),
    Row(
        f"广西省南宁市青秀区民族大道1号 韦小红 {P}",
        "韦小红",
        P,
        "广西壮族自治区南宁市青秀区",
        "民族大道1号",
    ),
    Row(
        f"湘西州吉首市人民路1号 石小花 {P}",
        "石小花",
        P,
        "湖南省湘西土家族苗族自治州吉首市",
        "人民路1号",
    ),
    Row(
        f"湖北恩施恩施市施州大道1号 李明 {P}",
        "李明",
        P,
        "湖北省恩施土家族苗族自治州恩施市",
        "施州大道1号",
    ),
    Row(f"湖北省仙桃市仙桃大道8号 陈静 {P}", "陈静", P, "湖北省仙桃市", "仙桃大道8号"),
    Row(
        f"湖北省省直辖县级行政区划仙桃市仙桃大道8号 陈静 {P}",
        "陈静",
        P,
        "湖北省仙桃市",
        "仙桃大道8号",
    ),
    Row(
        f"新疆石河子市北三路1号 陈静 {P}",
        "陈静",
        P,
        "新疆维吾尔自治区石河子市",
        "北三路1号",
    ),
    Row(
        f"广东省东莞市南城街道鸿福路1号 李明 {P}",
        "李明",
        P,
        "广东省东莞市南城街道",
        "鸿福路1号",
    ),
    Row(f"山西省阳泉市城区1号 李明 {P}", "李明", P, "山西省阳泉市城区", "1号"),
    Row(
        f"湖南省常德市汉寿县崔家桥镇永固村3组 王大爷 {P}",
        "王大爷",
        P,
        "湖南省常德市汉寿县崔家桥镇",
        "永固村3组",
    ),
    Row(
        f"永固村3组 王大爷 {P} 汉寿县崔家桥镇",
        "王大爷",
        P,
        "湖南省常德市汉寿县崔家桥镇",
        "永固村3组",
    ),
]

# What must be asked: never picked from several, never made up.
ASKED = [
    Row(
        f"鼓楼区中山北路1号 李明 {P}",
        "李明",
        P,
        "",
        "中山北路1号",
        missing=PLACE,
        choices=(
            "江苏省南京市鼓楼区",
            "江苏省徐州市鼓楼区",
            "福建省福州市鼓楼区",
            "河南省开封市鼓楼区",
        ),
    ),
    Row(
        f"江苏鼓楼区中山北路1号 李明 {P}",
        "李明",
        P,
        "江苏省",
        "中山北路1号",
        missing=("city", "county"),
        choices=("江苏省南京市鼓楼区", "江苏省徐州市鼓楼区"),
    ),
    Row(
        f"朝阳区建国路88号 李明 {P}",
        "李明",
        P,
        "",
        "建国路88号",
        missing=PLACE,
        choices=("北京市朝阳区", "吉林省长春市朝阳区"),
    ),
    Row(
        f"湖南省杭州市西湖区文三路1号 李明 {P}",
        "李明",
        P,
        "",
        "湖南省杭州市西湖区文三路1号",
        missing=PLACE,
        choices=("浙江省杭州市西湖区",),
    ),
    Row(
        f"湖南省长沙市西湖区文三路1号 李明 {P}",
        "李明",
        P,
        "湖南省长沙市",
        "西湖区文三路1号",
        missing=("county",),
    ),
    Row(
        f"长沙岳麓大道188号 李明 {P}",
        "李明",
        P,
        "湖南省长沙市",
        "岳麓大道188号",
        missing=("county",),
        choices=(YUELU,),
    ),
    Row(
        f"合肥市高新区望江西路1号 李明 {P}",
        "李明",
        P,
        "安徽省合肥市",
        "高新区望江西路1号",
        missing=("county",),
        choices=(
            "安徽省合肥市合肥高新技术产业开发区",
            "安徽省合肥市合肥新站高新技术产业开发区",
        ),
    ),
    Row(f"{HOUSE}，李明，{P}", "李明", P, "", HOUSE, missing=PLACE),
    Row(f"老城区中山街3号 李明 {P}", "李明", P, "", "老城区中山街3号", missing=PLACE),
    Row(f"东区3栋 李明 {P} 阳光小区", "李明", P, "", "东区3栋阳光小区", missing=PLACE),
    Row(f"{YUELU} 李明 {P}", "李明", P, YUELU, "", missing=("detail",)),
    Row(f"{YUELU}{HOUSE}", "", "", YUELU, HOUSE, missing=("name", "phone")),
    Row(f"{YUELU}{HOUSE} {P}", "", P, YUELU, HOUSE, missing=("name",)),
    Row(
        f"{YUELU}{HOUSE} {P} 放门卫",
        "",
        P,
        YUELU,
        f"{HOUSE}放门卫",
        missing=("name",),
    ),
    Row(P, "", P, "", "", missing=("name", *PLACE, "detail")),
    Row("李明", "李明", "", "", "", missing=("phone", *PLACE, "detail")),
    Row("", "", "", "", "", missing=("name", "phone", *PLACE, "detail")),
    Row(
        f"香港特别行政区湾仔区轩尼诗道1号 李明 {P}",
        "李明",
        P,
        "",
        "湾仔区轩尼诗道1号",
        missing=PLACE,
        beyond="香港",
    ),
    Row(f"台湾省台北市1号 李明 {P}", "李明", P, "", "台北市1号", PLACE, beyond="台湾"),
    Row(
        f"李明 {P} {YUELU}{HOUSE} 张三 13900139000 北京市朝阳区建国路88号",
        "李明",
        P,
        "",
        f"{YUELU}{HOUSE}张三北京市朝阳区建国路88号 13900139000",
        missing=PLACE,
        choices=(YUELU, "北京市朝阳区"),
    ),
]

# What was meant as a number, and is none: to be put right, and in nobody's street.
UNREAD = [
    Row(
        text,
        "李明",
        "",
        YUELU,
        HOUSE,
        missing=("phone",),
        unread_phone=number,
    )
    for text, number in (
        (f"李明 12345 {YUELU}{HOUSE}", "12345"),
        (f"李明 1380013800 {YUELU}{HOUSE}", "1380013800"),
        (f"李明,138001380001,{YUELU}{HOUSE}", "138001380001"),
        (f"李明 138-0013-800 {YUELU}{HOUSE}", "138-0013-800"),
        (f"李明 电话:123456 {YUELU}{HOUSE}", "123456"),
        (f"{YUELU}{HOUSE} 李明 12345", "12345"),
    )
] + [
    # House numbers are none, nor is anything where a number was read.
    Row(f"李明 {P} {YUELU}12345号", "李明", P, YUELU, "12345号"),
    Row(f"李明 {P} {YUELU}{HOUSE} 12345", "李明", P, YUELU, f"{HOUSE} 12345"),
    Row(
        f"李明 {YUELU}尖山路 3-2-501",
        "李明",
        "",
        YUELU,
        "尖山路 3-2-501",
        missing=("phone",),
    ),
]

# Beyond the mainland, and what only sounds like it.
BEYOND = [
    Row(f"李明 {P} {place}", "李明", P, "", place, PLACE, beyond=country)
    for place, country in (
        ("日本东京都新宿区1号", "日本"),
        ("韩国首尔市江南区1号", "韩国"),
        ("美国加州洛杉矶1号", "美国"),
        ("台北市信义区1号", "台湾"),
        ("九龙旺角弥敦道1号", "香港"),
    )
] + [
    Row(
        f"王芳 {P} Ginza, Tokyo, Japan", "王芳", P, "", "Ginza Tokyo Japan", PLACE
    )._replace(beyond="Japan"),
    Row(f"苏丹 {P} {YUELU}{HOUSE}", "苏丹", P, YUELU, HOUSE),
    Row(f"苏丹 {P} {HOUSE}", "苏丹", P, "", HOUSE, missing=PLACE),
    Row(f"Jordan Li {P} {YUELU}{HOUSE}", "Jordan Li", P, YUELU, HOUSE),
    Row(f"李明 {P} {YUELU} 日本料理店旁", "李明", P, YUELU, "日本料理店旁"),
    Row(f"李明 {P} 重庆市九龙坡区{HOUSE}", "李明", P, "重庆市九龙坡区", HOUSE),
]

# People whose names look like places, and words that look like people.
NAMES = [
    Row(f"安宁，{P}，{YUELU}{HOUSE}", "安宁", P, YUELU, HOUSE),
    Row(f"王长沙 {P} {YUELU}{HOUSE}", "王长沙", P, YUELU, HOUSE),
    Row(f"李吉林 {P} {HOUSE}", "李吉林", P, "", HOUSE, missing=PLACE),
    Row(f"吉林 {P} {HOUSE}", "吉林", P, "", HOUSE, missing=PLACE, unsure=("name",)),
    Row(f"路遥 {P} {YUELU}{HOUSE}", "路遥", P, YUELU, HOUSE),
    Row(f"李女士收 {P} {YUELU}{HOUSE}", "李女士", P, YUELU, HOUSE),
    Row(f"李明[4831] {P} {YUELU}{HOUSE}", "李明", P, YUELU, HOUSE),
    Row(f"Tom Li {P} {YUELU}{HOUSE}", "Tom Li", P, YUELU, HOUSE),
    Row(f"小雨 {P} {YUELU}{HOUSE}", "小雨", P, YUELU, HOUSE, unsure=("name",)),
    Row(f"姓名：小雨 {P} {YUELU}{HOUSE}", "小雨", P, YUELU, HOUSE),
    Row(
        f"李明 {P} {YUELU} 湖南大学 至善村3栋1302室",
        "李明",
        P,
        YUELU,
        "湖南大学至善村3栋1302室",
    ),
    Row(f"司马光 {P} {YUELU}{HOUSE}", "司马光", P, YUELU, HOUSE),
]

CORPUS = [*LATIN, *ORDERS, *LABELS, *PHONES, *PLACES, *ASKED, *UNREAD, *BEYOND, *NAMES]
