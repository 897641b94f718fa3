//! What the items are about.

use super::benefits::Family;

/// A theme with its usual conditions and benefits.
#[derive(Clone, Copy)]
pub(super) struct Theme {
    /// In the item's name.
    pub name: &'static str,
    /// 主题 of the policy file format.
    pub theme: &'static str,
    /// 类别.
    pub category: &'static str,
    /// The department without its place.
    pub department: &'static str,
    /// Conditions that belong to it: clause and rule.
    pub own: &'static [(&'static str, &'static str)],
    /// Benefits that belong to it.
    pub families: &'static [Family],
}

macro_rules! themes {
    ($($name:literal $theme:literal $category:literal $department:literal
        [$($family:ident),+] { $($text:literal => $rule:literal;)+ })+) => {
        pub(super) const THEMES: &[Theme] = &[$(Theme {
            name: $name,
            theme: $theme,
            category: $category,
            department: $department,
            own: &[$(($text, $rule)),+],
            families: &[$(Family::$family),+],
        }),+];
    };
}

themes! {
    "研发投入奖补" "科技创新" "奖补类" "科学技术局" [Rate, Growth, TierResearch] {
        "上年度享受研发费用加计扣除" => "上年.享受研发费用加计扣除";
        "上年度有研发投入" => "上年.研发费用 > 0";
    }
    "高新技术企业认定奖励" "科技创新" "奖补类" "科学技术局" [Flat, TopUp] {
        "为有效期内的高新技术企业" => "高新技术企业";
        "为科技型中小企业或者高新技术企业" => "科技型中小企业 or 高新技术企业";
    }
    "专精特新培育" "财政支持" "奖补类" "工业和信息化局" [Flat, TierRevenue, Right] {
        "为创新型中小企业" => "创新型中小企业";
        "为专精特新中小企业" => "专精特新中小企业";
        "上年度研发费用占比不低于 3%" => "上年.研发强度 >= 3%";
    }
    "技术改造补助" "财政支持" "奖补类" "工业和信息化局" [Marginal, Equipment, Assessed] {
        "上年度有技术改造投入" => "上年.技改投资额 > 0";
        "项目已竣工投产" => "项目已竣工投产";
    }
    "数字化转型补助" "科技创新" "奖补类" "工业和信息化局" [Digital, Assessed] {
        "数字化水平达到二级以上" => "数字化水平 in (\"二级\", \"三级\", \"四级\")";
        "已进行数字化改造" => "数字化改造实际投入 > 0";
    }
    "失业保险稳岗返还" "人工成本" "减免类" "人力资源和社会保障局" [Premium] {
        "上年度裁员率不高于 5.5%" => "上年.裁员率 <= 5.5%";
        "足额缴纳失业保险费 12 个月以上" => "失业保险足额缴费月数 >= 12";
    }
    "一次性扩岗补助" "人工成本" "奖补类" "人力资源和社会保障局" [Heads] {
        "招用毕业年度高校毕业生或登记失业青年" => "扩岗招用人数 >= 1";
        "签订劳动合同" => "扩岗人员均签劳动合同";
    }
    "贷款贴息" "融资成本" "奖补类" "地方金融管理局" [Interest] {
        "有尚在计息的贷款" => "贷款额 > 0";
        "同一笔贷款未享受其他贴息" => "not(同笔贷款已获其他贴息)";
    }
    "企业上市挂牌奖励" "融资成本" "奖补类" "地方金融管理局" [Stages, Assessed] {
        "已进入上市培育" => "包含(上市进程, \"入库并股改\")";
        "总部和主营业务在本地" => "总部和主营业务在本地";
    }
    "外贸稳增长" "财政支持" "奖补类" "商务局" [Insurance, Flat] {
        "上年度有出口业绩" => "上年.出口额 > 0";
        "投保短期出口信用保险" => "投保短期出口信用保险";
    }
    "商贸流通升规纳统" "财政支持" "奖补类" "商务局" [Flat, Step, Matrix] {
        "为限额以上批发、零售、住宿、餐饮企业" => "限上企业";
        "上年度零售额有增长" => "上年.零售额 - 前年.零售额 > 0";
    }
    "工业企业升规奖励" "财政支持" "奖补类" "统计局" [Flat, Matrix, TierRevenue] {
        "为规模以上企业" => "规上企业";
        "新进规模以上名录" => "包含任一(上年.新获资质, \"首次入规\", \"新投产入规\")";
    }
    "六税两费减免" "税收优惠" "减免类" "税务局" [Tax] {
        "为小微企业或增值税小规模纳税人" => "小微企业 or 增值税小规模纳税人";
        "上年度有应缴的六税两费" => "上年.六税两费应纳额 > 0";
    }
    "用能成本补助" "用能用地" "奖补类" "发展和改革委员会" [Utilities] {
        "补助期内正常用能" => "补助期电费 > 0";
        "不属于限制和淘汰类" => "not(从事国家限制禁止行业)";
    }
    "绿色制造奖励" "财政支持" "奖补类" "工业和信息化局" [Flat, Assessed] {
        "获评绿色工厂" => "绿色工厂";
        "亩均评价为 A 类或 B 类" => "亩均评价类别 in (\"A\", \"B\")";
    }
    "知识产权服务" "科技创新" "权益类" "市场监督管理局" [Right, Flat] {
        "拥有Ⅰ类知识产权" => "Ⅰ类知识产权数 >= 1";
        "拥有Ⅱ类知识产权 3 项以上" => "Ⅱ类知识产权数 >= 3";
    }
    "技术合同奖补" "科技创新" "奖补类" "科学技术局" [Contracts] {
        "上年度有登记的技术合同" => "上年.技术合同成交额 > 0";
        "为独立法人" => "独立法人";
    }
    "首台套产品奖励" "科技创新" "奖补类" "工业和信息化局" [Flat, TopUp] {
        "有首台（套）产品" => "首台套产品";
        "为装备或材料企业" => "所属行业 in (\"C26\", \"C34\", \"C35\", \"C36\", \"C38\", \"C39\", \"C40\")";
    }
    "产业贡献奖励" "财政支持" "奖补类" "财政局" [Contribution, TierRevenue] {
        "上年度纳税总额 10 万元以上" => "上年.纳税总额 >= 10万";
        "上年度营业收入正增长" => "上年.营业收入增长率 > 0";
    }
}
