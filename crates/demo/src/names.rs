//! Company names that are pleasant, varied and plainly invented: each contains 样例.

use crate::enterprise::Kind;
use crate::places::Seat;
use crate::random::Random;

/// First and second halves of fancy words; any two go together.
const FIRST: [&str; 56] = [
    "云", "星", "青", "海", "春", "松", "泉", "岱", "瑞", "锦", "和", "清", "远", "明", "启", "博",
    "弘", "润", "丰", "景", "嘉", "新", "川", "银", "玉", "竹", "梧", "荷", "鹭", "鸿", "晨", "知",
    "智", "汇", "立", "同", "元", "百", "千", "万", "东", "南", "北", "中", "金", "天", "长", "安",
    "朗", "秋", "墨", "兰", "麦", "稻", "樱", "桐",
];
const SECOND: [&str; 48] = [
    "杉", "河", "禾", "岳", "晖", "涛", "源", "岭", "帆", "程", "航", "达", "泽", "田", "林", "峰",
    "舟", "桥", "山", "石", "溪", "谷", "野", "屿", "湾", "澜", "辰", "宇", "光", "塔", "苑", "庭",
    "亭", "砚", "坤", "衡", "翼", "辉", "盛", "诚", "信", "联", "创", "成", "声", "音", "羽", "芽",
];
const SHOPS: [&str; 6] = ["商店", "经营部", "商行", "工作室", "服务部", "店"];

/// The name of an enterprise.
pub(crate) fn name(random: &mut Random, seat: &Seat, kind: Kind, words: &[&str]) -> String {
    let place = match (kind, random.below(10)) {
        (Kind::Enterprise, 0..=5) => seat.city_short.as_str(),
        (Kind::Enterprise, 6..=7) => "",
        _ => seat.short.as_str(),
    };
    let fancy = [random.pick(&FIRST), random.pick(&SECOND)].concat();
    let trade = random.pick(words);
    let form = match kind {
        Kind::Enterprise if random.per_mille(25) => "股份有限公司",
        Kind::Enterprise if random.per_mille(60) => "科技有限公司",
        Kind::Enterprise => "有限公司",
        Kind::SelfEmployed => random.pick(&SHOPS),
        Kind::Cooperative => "农民专业合作社",
    };
    let third = if random.per_mille(300) {
        random.pick(&SECOND)
    } else {
        ""
    };
    // 科技科技有限公司 reads badly.
    let trade = if form.starts_with("科技") {
        trade.trim_end_matches("科技")
    } else {
        trade
    };
    format!("{place}{fancy}{third}样例{trade}{form}")
}
