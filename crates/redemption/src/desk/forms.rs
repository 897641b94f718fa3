//! What the forms of the case page ask for, as commands.

use zhida_casework::event::{Lack, Point, Stance};
use zhida_casework::{Command, Person};
use zhida_platform::access::Viewer;

use crate::error::Error;
use crate::fields::Fields;
use crate::words::{Grant, Outcome, Stage};

/// Characters of a text at most.
const WORDS_MAX: usize = 2_000;
/// The name of a field's mark is this and the field's path.
pub(super) const MARK: &str = "mark-";

/// The command of a step that needs nothing but its form.
pub(super) fn command(
    step: &str,
    fields: &Fields,
    viewer: &Viewer,
) -> Result<Command<Grant>, Error> {
    Ok(match step {
        "take" => Command::Assign {
            handler: Person {
                account: viewer.account().unwrap_or_default(),
                name: viewer.name().to_owned(),
            },
        },
        "advance" => Command::Advance {
            to: None,
            note: text(fields, "advance-note", "")?,
        },
        "return" => Command::Return {
            to: Stage::parse(fields.get("return-to"))
                .ok_or_else(|| Error::field("return-to", "请选择退回到哪个环节"))?,
            reason: text(fields, "return-reason", "请写明为什么退回")?,
        },
        "completion" => Command::AskCompletion {
            lack: lack(fields)?,
            points: points(fields)?,
        },
        "opinion" => opinion(fields)?,
        "drop-opinion" => Command::WithdrawOpinion {
            organisation: fields
                .get("organisation")
                .parse()
                .map_err(|_| Error::missing("这个部门"))?,
            reason: text(fields, "drop-reason", "请写明为什么不再等这个部门")?,
        },
        "extend" => Command::Extend {
            amount: fields
                .get("extend-amount")
                .parse()
                .map_err(|_| Error::field("extend-amount", "请写延长多少，例如 5"))?,
            reason: text(fields, "extend-reason", "请写明延期的原因，企业会看到")?,
        },
        "note" => Command::Note {
            text: text(fields, "note-text", "请写要补记的情况")?,
        },
        "end" => Command::Close {
            outcome: Outcome::Ended,
            reason: text(fields, "end-reason", "请写明终止的原因，企业会看到")?,
        },
        _ => return Err(Error::missing("这个操作")),
    })
}

/// A text that is needed when `missing` says what to write.
pub(super) fn text(fields: &Fields, name: &str, missing: &str) -> Result<String, Error> {
    let text = fields.get(name);
    if text.is_empty() && !missing.is_empty() {
        return Err(Error::field(name, missing));
    }
    match text.chars().count() > WORDS_MAX {
        true => Err(Error::field(name, format!("最多 {WORDS_MAX} 个字"))),
        false => Ok(text.to_owned()),
    }
}

fn lack(fields: &Fields) -> Result<Lack, Error> {
    match fields.get("lack") {
        "missing" => Ok(Lack::Missing),
        "wrong" => Ok(Lack::Wrong),
        _ => Err(Error::field("lack", "请选择是缺少还是有误")),
    }
}

/// The marked fields, each with its sentence, and what concerns the whole.
fn points(fields: &Fields) -> Result<Vec<Point>, Error> {
    let mut points = Vec::new();
    for (name, words) in fields.starting_with(MARK) {
        if !words.is_empty() {
            text(fields, name, "")?;
            points.push(Point {
                field: name[MARK.len()..].to_owned(),
                text: words.to_owned(),
            });
        }
    }
    let whole = text(fields, "completion-whole", "")?;
    if !whole.is_empty() {
        points.push(Point {
            field: String::new(),
            text: whole,
        });
    }
    match points.is_empty() {
        true => Err(Error::field(
            "completion-whole",
            "请在要补正的栏目旁写明怎样补正，或在这里写总的要求",
        )),
        false => Ok(points),
    }
}

fn opinion(fields: &Fields) -> Result<Command<Grant>, Error> {
    let stance = match fields.get("stance") {
        "agree" => Stance::Agree,
        "disagree" => Stance::Disagree,
        "remark" => Stance::Remark,
        _ => return Err(Error::field("stance", "请选择同意、不同意或其他意见")),
    };
    let missing = if stance == Stance::Agree {
        ""
    } else {
        "请写明理由"
    };
    Ok(Command::GiveOpinion {
        stance,
        text: text(fields, "opinion-text", missing)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in pairs {
            fields.put(*name, *value);
        }
        fields
    }

    #[test]
    fn marked_fields_become_points_and_empty_ones_do_not() {
        let asked = fields(&[
            ("lack", "wrong"),
            ("mark-equipment.0.price", "请写不含税价"),
            ("mark-name", ""),
            ("completion-whole", ""),
        ]);
        let command = command("completion", &asked, &Viewer::officer("王五"));
        let Ok(Command::AskCompletion {
            lack: Lack::Wrong,
            points,
        }) = command
        else {
            panic!("{command:?}");
        };
        assert_eq!(
            points,
            [Point {
                field: "equipment.0.price".to_owned(),
                text: "请写不含税价".to_owned()
            }]
        );
    }

    #[test]
    fn what_is_missing_is_said_at_its_field() {
        let viewer = Viewer::officer("王五");
        for (step, given, field) in [
            ("completion", vec![("lack", "wrong")], "completion-whole"),
            ("completion", vec![("completion-whole", "缺")], "lack"),
            ("return", vec![("return-to", "review")], "return-reason"),
            ("return", vec![("return-reason", "不清")], "return-to"),
            ("opinion", vec![("stance", "disagree")], "opinion-text"),
            (
                "extend",
                vec![("extend-amount", "很久"), ("extend-reason", "等检测")],
                "extend-amount",
            ),
            ("end", vec![], "end-reason"),
        ] {
            let refused = command(step, &fields(&given), &viewer);
            assert!(
                matches!(&refused, Err(Error::Field { field: at, .. }) if at == field),
                "{step}: {refused:?}"
            );
        }
    }
}
