//! Positions 1 and 2: who registered the organisation, and what it is.

/// A registering authority (登记管理部门), position 1 of the code.
#[derive(Debug, PartialEq, Eq)]
pub struct Authority {
    /// The character in the code.
    pub code: char,
    /// The authority's name in the standard.
    pub name: &'static str,
    /// The kinds of organisation it registers.
    pub kinds: &'static [Kind],
}

/// A kind of organisation (机构类别), position 2; its meaning depends on the authority.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The character in the code.
    pub code: char,
    /// The kind's name in the standard.
    pub name: &'static str,
}

impl Authority {
    /// The authority of a character, `None` when the standard gives it no meaning.
    pub fn from_code(code: char) -> Option<&'static Self> {
        AUTHORITIES.iter().find(|authority| authority.code == code)
    }

    /// All authorities, in the standard's order.
    pub fn all() -> &'static [Self] {
        &AUTHORITIES
    }

    /// The kind of a character at position 2 under this authority.
    pub fn kind(&self, code: char) -> Option<&'static Kind> {
        self.kinds.iter().find(|kind| kind.code == code)
    }
}

const fn kind(code: char, name: &'static str) -> Kind {
    Kind { code, name }
}

const OTHER: Kind = kind('9', "其他");

/// GB 32100-2015 table 1 with its amendment no. 1 (A 军委, N 农业, Y 其他).
static AUTHORITIES: [Authority; 12] = [
    Authority {
        code: '1',
        name: "机构编制",
        kinds: &[
            kind('1', "机关"),
            kind('2', "事业单位"),
            kind('3', "编办直接管理机构编制的群众团体"),
            OTHER,
        ],
    },
    Authority {
        code: '2',
        name: "外交",
        kinds: &[kind('1', "外国常驻新闻机构"), OTHER],
    },
    Authority {
        code: '3',
        name: "司法行政",
        kinds: &[
            kind('1', "律师执业机构"),
            kind('2', "公证处"),
            kind('3', "基层法律服务所"),
            kind('4', "司法鉴定机构"),
            kind('5', "仲裁委员会"),
            OTHER,
        ],
    },
    Authority {
        code: '4',
        name: "文化",
        kinds: &[kind('1', "外国在华文化中心"), OTHER],
    },
    Authority {
        code: '5',
        name: "民政",
        kinds: &[
            kind('1', "社会团体"),
            kind('2', "民办非企业单位"),
            kind('3', "基金会"),
            OTHER,
        ],
    },
    Authority {
        code: '6',
        name: "旅游",
        kinds: &[
            kind('1', "外国旅游部门常驻代表机构"),
            kind('2', "港澳台地区旅游部门常驻内地（大陆）代表机构"),
            OTHER,
        ],
    },
    Authority {
        code: '7',
        name: "宗教",
        kinds: &[kind('1', "宗教活动场所"), kind('2', "宗教院校"), OTHER],
    },
    Authority {
        code: '8',
        name: "工会",
        kinds: &[kind('1', "基层工会"), OTHER],
    },
    Authority {
        code: '9',
        name: "工商",
        kinds: &[
            kind('1', "企业"),
            kind('2', "个体工商户"),
            kind('3', "农民专业合作社"),
        ],
    },
    Authority {
        code: 'A',
        name: "中央军委改革和编制办公室",
        kinds: &[kind('1', "军队事业单位"), OTHER],
    },
    Authority {
        code: 'N',
        name: "农业",
        kinds: &[
            kind('1', "组级集体经济组织"),
            kind('2', "村级集体经济组织"),
            kind('3', "乡镇级集体经济组织"),
            OTHER,
        ],
    },
    Authority {
        code: 'Y',
        name: "其他",
        kinds: &[kind('1', "其他")],
    },
];
