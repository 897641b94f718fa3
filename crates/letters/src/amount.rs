//! Amounts in capitals 大写金额, after 正确填写票据和结算凭证的基本规定 (支付结算办法, 银发〔1997〕393号, 附一).

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
/// Of the four places of a section, from the highest.
const PLACES: [&str; 4] = ["仟", "佰", "拾", ""];
/// Of the sections, from the lowest.
const SECTIONS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];

/// An amount of fen as it stands on cheques: 伍万元整. A negative amount begins with 负.
#[must_use]
pub fn capital_amount(fen: i64) -> String {
    let sign = if fen < 0 { "负" } else { "" };
    let amount = fen.unsigned_abs();
    let (yuan, jiao, fen) = (amount / 100, amount / 10 % 10, amount % 10);
    let mut text = String::from(sign);
    if yuan > 0 || amount == 0 {
        text.push_str(&whole(yuan));
        text.push('元');
    }
    if jiao > 0 {
        text.push(digit(jiao));
        text.push('角');
    } else if fen > 0 && yuan > 0 {
        text.push('零');
    }
    if fen > 0 {
        text.push(digit(fen));
        text.push('分');
    } else {
        text.push('整');
    }
    text
}

/// A whole number; runs of zeros within it are one 零.
fn whole(number: u64) -> String {
    let mut sections: Vec<u64> = Vec::new();
    let mut rest = number;
    while rest > 0 {
        sections.push(rest % 10_000);
        rest /= 10_000;
    }
    let mut text = String::new();
    let mut gap = false;
    for (index, section) in sections.iter().enumerate().rev() {
        if *section == 0 {
            gap = !text.is_empty();
            continue;
        }
        for (place, name) in PLACES.iter().enumerate() {
            let value = section / 10_u64.pow(3 - place as u32) % 10;
            if value == 0 {
                gap = !text.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) {
                text.push('零');
            }
            text.push(digit(value));
            text.push_str(name);
        }
        text.push_str(SECTIONS[index]);
    }
    if text.is_empty() {
        text.push('零');
    }
    text
}

fn digit(value: u64) -> char {
    usize::try_from(value)
        .ok()
        .and_then(|value| DIGITS.get(value))
        .copied()
        .unwrap_or('零')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the rule (附一, 一、二) first; where it allows several, one of them.
    #[test]
    fn amounts_are_written_as_the_rule_writes_them() {
        for (fen, words) in [
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (10_700_053, "壹拾万零柒仟元伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (32_504, "叁佰贰拾伍元零肆分"),
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (5_000_000, "伍万元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_100, "壹亿零壹元整"),
            (10_050_000_000, "壹亿零伍拾万元整"),
            (1_000_000_010_000, "壹佰亿零壹佰元整"),
            (-140_950, "负壹仟肆佰零玖元伍角整"),
            (
                i64::MAX,
                "玖亿亿贰仟贰佰叁拾叁万亿柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分",
            ),
        ] {
            assert_eq!(capital_amount(fen), words, "{fen}");
        }
    }
}
