//! A scheme as form fields, and back.

use zhida_casework::Term;
use zhida_policies::PublishedItem;
use zhida_ui::FormErrors;

use super::model::{Criterion, Extension, LetterWords, Part, Reviewer, Scheme, Scoring, Step};
use crate::fields::Fields;
use crate::form;
use crate::words::{Overlap, Period, Release, Stage};

/// Characters of a form's definition at most.
const FORM_CHARS_MAX: usize = 200_000;

/// The fields that show a scheme.
pub(super) fn shown(scheme: &Scheme, revision: i64) -> Fields {
    let mut fields = Fields::default();
    fields.put("revision", revision.to_string());
    fields.put("preset", format!("{}/{}", scheme.preset, scheme.class));
    for step in &scheme.route {
        fields.put(format!("term-{}", step.stage.slug()), step.term.to_string());
    }
    let term = |term: &Option<Term>| term.map(|term| term.to_string()).unwrap_or_default();
    fields.put("completion", term(&scheme.completion));
    if let Some(extension) = scheme.extension {
        fields.put("extension-times", extension.times.to_string());
        fields.put("extension-term", extension.term.to_string());
    }
    let reviewers = scheme.reviewers.iter();
    let reviewers = reviewers.map(|one| format!("{}：{}", one.department, one.term));
    fields.put("reviewers", lines(reviewers));
    for list in &scheme.lists {
        fields.put("lists", list);
    }
    let parts = scheme.parts.iter();
    fields.put(
        "parts",
        lines(parts.map(|part| format!("{}%：{}", part.percent, part.when))),
    );
    if let Some(scoring) = &scheme.scoring {
        fields.put("experts", scoring.experts.to_string());
        fields.put("pass", scoring.pass.to_string());
        if scoring.self_taking {
            fields.put("self_taking", "1");
        }
        let criteria = scoring.criteria.iter();
        fields.put(
            "criteria",
            lines(criteria.map(|one| format!("{}：{}", one.name, one.max))),
        );
    }
    fields.put("period", scheme.period.slug());
    fields.put("release", scheme.release.slug());
    fields.put("overlap", scheme.overlap.slug());
    if scheme.asks_payee {
        fields.put("asks_payee", "1");
    }
    if let Some(cap) = scheme.cap_yuan {
        fields.put("cap_yuan", cap.to_string());
    }
    fields.put("letter-granted", &scheme.letter.granted);
    fields.put("letter-refused", &scheme.letter.refused);
    if let Some(form) = &scheme.form {
        fields.put("form", serde_norway::to_string(form).unwrap_or_default());
    }
    fields
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads the fields.
///
/// # Errors
/// All mistakes at once, each at its field.
pub(super) fn read(item: &PublishedItem, fields: &Fields) -> Result<Scheme, FormErrors> {
    let mut reader = Reader {
        fields,
        errors: FormErrors::none(),
    };
    let (preset, class) = fields.get("preset").split_once('/').unwrap_or_default();
    let scheme = Scheme {
        item: item.id.clone(),
        preset: preset.to_owned(),
        class: class.to_owned(),
        delivery: item.elements.delivery,
        route: reader.steps(),
        completion: reader.term("completion"),
        extension: reader.extension(),
        reviewers: reader.reviewers(),
        lists: fields
            .all("lists")
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect(),
        parts: reader.parts(),
        scoring: reader.scoring(),
        period: Period::parse(fields.get("period")).unwrap_or(Period::Year),
        release: Release::parse(fields.get("release")).unwrap_or(Release::Officer),
        overlap: Overlap::parse(fields.get("overlap")).unwrap_or(Overlap::Refuse),
        asks_payee: fields.get("asks_payee") == "1",
        cap_yuan: reader.number("cap_yuan", 1, 100_000_000_000),
        letter: LetterWords {
            granted: fields.get("letter-granted").to_owned(),
            refused: fields.get("letter-refused").to_owned(),
        },
        form: reader.form(),
    };
    match reader.errors.is_empty() {
        true => Ok(scheme),
        false => Err(reader.errors),
    }
}

struct Reader<'f> {
    fields: &'f Fields,
    errors: FormErrors,
}

impl Reader<'_> {
    fn parsed(&mut self, field: &str, text: &str) -> Option<Term> {
        match text.parse() {
            Ok(term) => Some(term),
            Err(error) => {
                let error: zhida_casework::term::TermError = error;
                self.errors.add(field, error.to_string());
                None
            }
        }
    }

    fn term(&mut self, field: &str) -> Option<Term> {
        let text = self.fields.get(field);
        if text.is_empty() {
            return None;
        }
        self.parsed(field, text)
    }

    fn number(&mut self, field: &str, min: i64, max: i64) -> Option<i64> {
        let text = self.fields.get(field);
        if text.is_empty() {
            return None;
        }
        let number = text.replace(',', "").parse().ok();
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.errors
                .add(field, format!("请写 {min} 至 {max} 的整数"));
        }
        number
    }

    fn steps(&mut self) -> Vec<Step> {
        let stages = Stage::ALL.iter().copied();
        let read = |stage: Stage| {
            let term = self.term(&format!("term-{}", stage.slug()))?;
            Some(Step { stage, term })
        };
        stages.filter_map(read).collect()
    }

    fn extension(&mut self) -> Option<Extension> {
        let times = self.number("extension-times", 1, 10);
        let term = self.term("extension-term");
        match (times, term) {
            (Some(times), Some(term)) => Some(Extension {
                times: u32::try_from(times).unwrap_or(1),
                term,
            }),
            (None, None) => None,
            _ => {
                self.errors
                    .add("extension-times", "延期的次数和时长要一起填，或都不填");
                None
            }
        }
    }

    /// `左：右` of every line.
    fn pairs(&mut self, field: &str, example: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let lines: Vec<&str> = self.fields.lines(field).collect();
        for (number, line) in (1..).zip(lines) {
            match line.split_once(['：', ':']) {
                Some((left, right)) if !left.trim().is_empty() && !right.trim().is_empty() => {
                    pairs.push((left.trim().to_owned(), right.trim().to_owned()));
                }
                _ => self.errors.add(
                    field,
                    format!("第 {number} 行“{line}”看不懂，请写成“{example}”"),
                ),
            }
        }
        pairs
    }

    fn reviewers(&mut self) -> Vec<Reviewer> {
        let pairs = self.pairs("reviewers", "市税务局：5 个工作日");
        let read = |(department, term): (String, String)| {
            let term = self.parsed("reviewers", &term)?;
            Some(Reviewer { department, term })
        };
        pairs.into_iter().filter_map(read).collect()
    }

    fn parts(&mut self) -> Vec<Part> {
        let pairs = self.pairs("parts", "80%：审定后");
        let read = |(percent, when): (String, String)| {
            let percent = percent.trim_end_matches(['%', '％']).trim().parse().ok();
            if percent.is_none() {
                self.errors
                    .add("parts", format!("“{when}”前面请写百分比，例如 80%"));
            }
            percent.map(|percent| Part { percent, when })
        };
        pairs.into_iter().filter_map(read).collect()
    }

    fn scoring(&mut self) -> Option<Scoring> {
        let pairs = self.pairs("criteria", "创新性：30");
        let (experts, pass) = (self.number("experts", 1, 99), self.number("pass", 0, 1_000));
        if pairs.is_empty() && experts.is_none() && pass.is_none() {
            return None;
        }
        let mut criteria = Vec::new();
        for (name, max) in pairs {
            match max.parse() {
                Ok(max) if max > 0 => criteria.push(Criterion { name, max }),
                _ => self
                    .errors
                    .add("criteria", format!("“{name}”的满分“{max}”应是正整数")),
            }
        }
        let small = |number: Option<i64>| u32::try_from(number.unwrap_or(0)).unwrap_or(0);
        Some(Scoring {
            experts: small(experts),
            pass: small(pass),
            self_taking: self.fields.get("self_taking") == "1",
            criteria,
        })
    }

    fn form(&mut self) -> Option<serde_json::Value> {
        let text = self.fields.get("form");
        if text.is_empty() {
            return None;
        }
        if text.chars().count() > FORM_CHARS_MAX {
            self.errors.add(
                "form",
                format!("申请表定义太长，最多 {FORM_CHARS_MAX} 个字"),
            );
            return None;
        }
        match form::read(text) {
            Ok(form) => Some(form),
            Err(mistakes) => {
                for mistake in mistakes {
                    self.errors.add("form", mistake);
                }
                None
            }
        }
    }
}
