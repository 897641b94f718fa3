//! Generated appeals and controlled edits of them.

use crate::dice::Dice;

/// An appeal made from a template: the same problem, place and number make the same appeal.
#[derive(Clone)]
pub struct Appeal {
    problem: usize,
    place: &'static str,
    number: usize,
    detail: usize,
}

const PLACES: [&str; 24] = [
    "东湖街道",
    "西溪街道",
    "临平街道",
    "南苑街道",
    "良渚街道",
    "五常街道",
    "白杨街道",
    "下沙街道",
    "义蓬街道",
    "河庄街道",
    "瓜沥镇",
    "临浦镇",
    "塘栖镇",
    "新登镇",
    "径山镇",
    "黄湖镇",
    "富春园区",
    "青山园区",
    "望江路",
    "秋涛路",
    "石祥路",
    "通港路",
    "杭行路",
    "学院路",
];
const PROBLEMS: [[&str; 3]; 10] = [
    [
        "{place}{n}号的园区这个月已经停电多次",
        "每次都没有提前通知",
        "生产线上的半成品全部报废",
    ],
    [
        "{place}{n}号门口的路面坑洼不平",
        "大货车经过时常常爆胎",
        "下雨天看不清坑在哪里",
    ],
    [
        "我公司在{place}{n}号的厂房申请消防验收",
        "材料交上去以后一直没有消息",
        "设备已经到货却不能投产",
    ],
    [
        "{place}{n}号的自来水水压太低",
        "白天用水高峰时锅炉补不上水",
        "影响了染色车间的正常生产",
    ],
    [
        "{place}{n}号旁边的工地夜里还在施工",
        "粉尘飘进我们的无尘车间",
        "产品合格率明显下降",
    ],
    [
        "我们承建的{place}{n}号改造工程早就完工",
        "审计报告也已经出来",
        "工程款却一直拖着不付",
    ],
    [
        "{place}{n}号附近没有公交站",
        "夜班员工下班只能打车回家",
        "很多人因此辞职",
    ],
    [
        "{place}{n}号厂房的不动产证办不下来",
        "说是当年的手续不齐全",
        "没有证就不能向银行抵押",
    ],
    [
        "{place}{n}号园区的租金突然上涨",
        "还要求一次付清全年",
        "小企业实在承受不起",
    ],
    [
        "{place}{n}号的企业专线总是断网",
        "运营商说要换光缆但没有时间表",
        "网上报税和开票都做不了",
    ],
];
const DETAILS: [&str; 12] = [
    "我们是一家做轴承的老企业",
    "公司有两百多名员工",
    "产品主要出口到东南亚",
    "去年刚刚评上高新技术企业",
    "已经打过很多次热线电话",
    "上个月也向园区反映过",
    "周围的企业都有同样的情况",
    "请有关部门到现场看一看",
    "希望能够给一个明确的答复",
    "再这样下去只能搬走",
    "我们愿意配合一切检查",
    "请尽快安排人员处理",
];
const SIMILAR_SHAPES: [(char, char); 8] = [
    ('停', '亭'),
    ('园', '圆'),
    ('报', '抱'),
    ('已', '己'),
    ('没', '设'),
    ('业', '叶'),
    ('请', '清'),
    ('的', '地'),
];

impl Appeal {
    pub fn any(dice: &mut Dice) -> Appeal {
        Appeal {
            problem: dice.below(PROBLEMS.len()),
            place: dice.of::<&str>(&PLACES),
            number: 1 + dice.below(400),
            detail: dice.below(DETAILS.len() * DETAILS.len() * DETAILS.len()),
        }
    }

    fn sentences(&self) -> Vec<String> {
        let fill = |part: &&str| {
            part.replace("{place}", self.place)
                .replace("{n}", &self.number.to_string())
        };
        let d = DETAILS.len();
        let details = [self.detail % d, self.detail / d % d, self.detail / d / d]
            .map(|n| DETAILS[n].to_string());
        PROBLEMS[self.problem]
            .iter()
            .map(fill)
            .chain(details)
            .collect()
    }

    pub fn text(&self) -> String {
        self.sentences().join("，") + "。"
    }
}

/// A way to write an appeal again.
pub struct Edit {
    pub name: &'static str,
    /// Whether it is still the same appeal.
    pub same: bool,
    pub make: fn(&Appeal, &mut Dice) -> String,
}

pub const EDITS: [Edit; 12] = [
    Edit {
        name: "原样再发",
        same: true,
        make: |appeal, _| appeal.text(),
    },
    Edit {
        name: "标点、全角、表情",
        same: true,
        make: |appeal, _| appeal.sentences().join("！！ ").replace('号', " 号") + "😡😡",
    },
    Edit {
        name: "一个错字",
        same: true,
        make: |appeal, dice| typos(appeal.text(), 1, dice),
    },
    Edit {
        name: "三个错字",
        same: true,
        make: |appeal, dice| typos(appeal.text(), 3, dice),
    },
    Edit {
        name: "句子换序",
        same: true,
        make: shuffled,
    },
    Edit {
        name: "加问候和致谢",
        same: true,
        make: |appeal, _| format!("尊敬的领导，您好！{}谢谢，盼复。", appeal.text()),
    },
    Edit {
        name: "少一句",
        same: true,
        make: shorter,
    },
    Edit {
        name: "换序、错字并加问候",
        same: true,
        make: |appeal, dice| format!("领导您好：{}", typos(shuffled(appeal, dice), 2, dice)),
    },
    Edit {
        name: "多写三句",
        same: true,
        make: |appeal, _| {
            format!(
                "{}我们在这里经营了十多年，从来没有遇到这样的事。希望政府重视民营企业的困难，给个说法。",
                appeal.text()
            )
        },
    },
    Edit {
        name: "换门牌号",
        same: false,
        make: |appeal, _| {
            Appeal {
                number: appeal.number + 401,
                ..appeal.clone()
            }
            .text()
        },
    },
    Edit {
        name: "换街道或路名",
        same: false,
        make: elsewhere,
    },
    Edit {
        name: "换问题，同一地点",
        same: false,
        make: |appeal, _| {
            Appeal {
                problem: (appeal.problem + 1) % PROBLEMS.len(),
                ..appeal.clone()
            }
            .text()
        },
    },
];

fn typos(text: String, count: usize, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let places: Vec<usize> = (0..chars.len())
        .filter(|n| swap(chars[*n]).is_some())
        .collect();
    for _ in 0..count {
        let place = *dice.of(&places);
        chars[place] = swap(chars[place]).unwrap_or(chars[place]);
    }
    chars.into_iter().collect()
}

fn swap(c: char) -> Option<char> {
    SIMILAR_SHAPES
        .iter()
        .find(|(right, _)| *right == c)
        .map(|(_, wrong)| *wrong)
}

fn shuffled(appeal: &Appeal, dice: &mut Dice) -> String {
    let mut sentences = appeal.sentences();
    for end in (1..sentences.len()).rev() {
        sentences.swap(end, dice.below(end + 1));
    }
    sentences.join("，")
}

fn shorter(appeal: &Appeal, dice: &mut Dice) -> String {
    let mut sentences = appeal.sentences();
    sentences.remove(1 + dice.below(sentences.len() - 1));
    sentences.join("，")
}

fn elsewhere(appeal: &Appeal, dice: &mut Dice) -> String {
    let others: Vec<&'static str> = PLACES
        .into_iter()
        .filter(|place| *place != appeal.place)
        .collect();
    Appeal {
        place: dice.of::<&str>(&others),
        ..appeal.clone()
    }
    .text()
}
