//! What an officer writes down: which channels, and what each asks beside the text. One form for all of them.

use chrono::NaiveDate;
use zhida_ui::Fields;

use crate::error::Error;
use crate::words::Channel;

/// A question of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    /// Name of the field.
    pub name: &'static str,
    /// Its label, on the form and beside the appeal.
    pub label: &'static str,
    /// What to write.
    pub hint: &'static str,
    pub kind: QuestionKind,
    pub required: bool,
}

/// What its answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuestionKind {
    Text,
    Date,
}

/// The channels of the desk's form, in its order.
pub(crate) const DESK: [Channel; 5] = [
    Channel::Hotline,
    Channel::Visit,
    Channel::Meeting,
    Channel::Proposal,
    Channel::Letter,
];

const ANSWER_MAX: usize = 200;

/// What a channel asks.
pub(crate) fn questions(channel: Channel) -> &'static [Question] {
    const fn text(name: &'static str, label: &'static str, hint: &'static str) -> Question {
        Question {
            name,
            label,
            hint,
            kind: QuestionKind::Text,
            required: false,
        }
    }
    const fn required(question: Question) -> Question {
        Question {
            required: true,
            ..question
        }
    }
    const fn date(name: &'static str, label: &'static str) -> Question {
        Question {
            name,
            label,
            hint: "如 2026-11-22",
            kind: QuestionKind::Date,
            required: true,
        }
    }
    match channel {
        Channel::Hotline => {
            const { &[text("call", "通话编号", "话务系统里的编号，可以不填")] }
        }
        Channel::Visit => {
            const {
                &[
                    date("on", "走访日期"),
                    required(text("by", "走访人", "姓名和单位")),
                    text("where", "走访地点", "厂区、办公地址"),
                ]
            }
        }
        Channel::Meeting => {
            const {
                &[
                    required(text("name", "会议名称", "如 11 月企业座谈会")),
                    date("on", "会议日期"),
                    text("item", "纪要条目", "第几条"),
                ]
            }
        }
        Channel::Proposal => {
            const {
                &[
                    required(text("number", "建议或提案编号", "如 人大建议第 35 号")),
                    required(text("by", "提出人", "代表或委员姓名，多人用顿号隔开")),
                    date("on", "交办日期"),
                ]
            }
        }
        Channel::Letter => {
            const {
                &[
                    date("on", "收信日期"),
                    text("number", "来信编号", "收文登记的编号"),
                    text("by", "来信人", "信上的署名"),
                ]
            }
        }
        Channel::Web | Channel::Code | Channel::Api | Channel::Open311 => &[],
    }
}

/// Name of a question's field on the form.
pub(crate) fn field(question: &Question) -> String {
    format!("channel-{}", question.name)
}

/// The answers with their labels, those that were given.
///
/// # Errors
/// One that is missing, too long, or no date.
pub(crate) fn answers(
    channel: Channel,
    fields: &Fields,
    today: NaiveDate,
) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for question in questions(channel) {
        let name = field(question);
        let answer = fields.get(&name);
        if answer.is_empty() {
            match question.required {
                true => return Err(Error::field(name, format!("请填{}", question.label))),
                false => continue,
            }
        }
        if answer.chars().count() > ANSWER_MAX {
            let sentence = format!("{}最多 {ANSWER_MAX} 个字", question.label);
            return Err(Error::field(name, sentence));
        }
        if question.kind == QuestionKind::Date {
            let day = answer.parse::<NaiveDate>().ok();
            if day.is_none_or(|day| day > today) {
                let sentence = format!("{}请写成 2026-11-22 的样子，不能晚于今天", question.label);
                return Err(Error::field(name, sentence));
            }
        }
        found.push((question.label.to_owned(), answer.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn fields(given: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in given {
            fields.put(format!("channel-{name}"), *value);
        }
        fields
    }

    #[test]
    fn each_channel_keeps_what_it_asks() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let visit = fields(&[("on", "2026-11-20"), ("by", "李四，经信局"), ("stray", "x")]);
        assert_eq!(
            answers(Channel::Visit, &visit, today).unwrap(),
            [
                ("走访日期".to_owned(), "2026-11-20".to_owned()),
                ("走访人".to_owned(), "李四，经信局".to_owned())
            ]
        );
        assert!(
            answers(Channel::Hotline, &fields(&[]), today)
                .unwrap()
                .is_empty()
        );
        for (channel, given) in [
            (Channel::Visit, fields(&[("by", "李四")])),
            (Channel::Letter, fields(&[("on", "2026-11-23")])),
            (Channel::Letter, fields(&[("on", "昨天")])),
            (
                Channel::Proposal,
                fields(&[("on", "2026-11-20"), ("number", "35")]),
            ),
        ] {
            assert!(answers(channel, &given, today).is_err(), "{channel:?}");
        }
    }

    #[test]
    fn names_of_questions_differ_within_a_channel() {
        for channel in DESK {
            let mut names: Vec<&str> = questions(channel).iter().map(|one| one.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), questions(channel).len(), "{channel:?}");
        }
    }
}
