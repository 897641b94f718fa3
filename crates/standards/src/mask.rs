//! 脱敏: what remains of personal data on a screen or in an export.
//!
//! No national standard fixes the forms; these are the usual conventions (domain-rules §2.13):
//! 张*, 138****5678, 110101********1234, z***@example.cn, last four digits of a card. What does
//! not look like the thing it is said to be is masked whole but for its first character, so that
//! a phone number typed into the name field does not slip through. Names of companies and unified
//! codes are public and are not masked.

/// Compound surnames kept whole; the frequent ones.
const COMPOUND_SURNAMES: [&str; 20] = [
    "欧阳", "司马", "上官", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙",
    "宇文", "轩辕", "东方", "端木", "南宫", "独孤", "西门", "呼延",
];

/// A person's name: the surname stays, each further character becomes a star.
pub fn name(text: &str) -> String {
    let text = text.trim();
    let count = text.chars().count();
    let compound = count > 2 && COMPOUND_SURNAMES.iter().any(|s| text.starts_with(s));
    let digits = text.chars().any(|c| c.is_numeric());
    keep(text, if digits { 0 } else { 1 + usize::from(compound) }, 0)
}

/// A mobile number: first three and last four digits stay; +86 is dropped.
pub fn mobile(text: &str) -> String {
    let digits: String = text.chars().filter_map(half_width_digit).collect();
    let local = if digits.len() == 13 {
        digits.strip_prefix("86").unwrap_or(&digits)
    } else {
        &digits
    };
    if local.len() == 11 && local.starts_with('1') {
        keep(local, 3, 4)
    } else {
        fallback(text)
    }
}

/// A citizen number: first six and last four stay (18 characters), or first six and last three
/// (the 15 digits of before 1999).
pub fn citizen_id(text: &str) -> String {
    let text = text.trim();
    match text.chars().count() {
        18 => keep(text, 6, 4),
        15 => keep(text, 6, 3),
        _ => fallback(text),
    }
}

/// An e-mail address: first character and the domain stay.
pub fn email(text: &str) -> String {
    match text.trim().rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        _ => fallback(text),
    }
}

/// A bank card or account: the last four digits stay.
pub fn bank_card(text: &str) -> String {
    let digits: String = text.chars().filter_map(half_width_digit).collect();
    if (9..=30).contains(&digits.len()) {
        keep(&digits, 0, 4)
    } else {
        fallback(text)
    }
}

fn half_width_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        _ => None,
    }
}

fn fallback(text: &str) -> String {
    keep(text.trim(), 1, 0)
}

/// Stars for all but `head` first and `tail` last characters; a text too short for both is all
/// stars.
fn keep(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    let short = count <= head + tail;
    text.chars()
        .enumerate()
        .map(|(i, c)| {
            if !short && (i < head || i >= count - tail) {
                c
            } else {
                '*'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(name("张三"), "张*")]
    #[case(name("张三丰"), "张**")]
    #[case(name("欧阳锋"), "欧阳*")]
    #[case(name("张"), "*")]
    #[case(name("13812345678"), "***********")]
    #[case(mobile("13812345678"), "138****5678")]
    #[case(mobile("+86 138-1234-5678"), "138****5678")]
    #[case(mobile("１３８12345678"), "138****5678")]
    #[case(mobile("0571-8888"), "0********")]
    #[case(citizen_id("110101199001011234"), "110101********1234")]
    #[case(citizen_id("110101900101123"), "110101******123")]
    #[case(citizen_id("无"), "*")]
    #[case(email("zhang.san@example.cn"), "z***@example.cn")]
    #[case(email("zhang"), "z****")]
    #[case(bank_card("6222 0212 3456 7890 123"), "***************0123")]
    #[case(bank_card("12"), "1*")]
    #[case(name(""), "")]
    fn masks(#[case] masked: String, #[case] expected: &str) {
        assert_eq!(masked, expected);
    }
}
