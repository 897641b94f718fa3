//! One question as inputs.

use zhida_platform::files::Kind as FileKind;
use zhida_platform::files::kinds;
use zhida_platform::format::count;
use zhida_ui::{Choice, FormErrors};

use crate::answers::{Answer, FileRef};
use crate::form::{Field, FileRule, Kind};
use crate::source::FileType;
use crate::typed::{ACCOUNT_PARTS, Typed, read};

/// Choices up to which radio buttons are shown; more are a list to open.
const RADIOS_MAX: usize = 7;
/// Lines of a long text's input.
const AREA_LINES: usize = 4;

/// The inputs of a question.
pub(crate) enum Widget {
    Input {
        kind: &'static str,
        value: String,
        width: &'static str,
        unit: String,
    },
    Area {
        value: String,
        lines: usize,
    },
    Radios(Vec<Choice>),
    Select(Vec<Choice>),
    Checks(Vec<Choice>),
    Account(Vec<PartView>),
    Files(FilesView),
    Declaration {
        text: String,
        ticked: bool,
    },
}

pub(crate) struct PartView {
    pub path: String,
    pub label: &'static str,
    pub hint: &'static str,
    pub value: String,
    pub error: String,
}

pub(crate) struct FilesView {
    pub files: Vec<FileView>,
    pub accept: String,
    pub limits: String,
    pub sample: String,
    /// Of one file, at most.
    pub bytes_max: u64,
    pub has_room: bool,
}

pub(crate) struct FileView {
    /// Its id in the store.
    pub file: String,
    /// Where it can be read again; empty for nowhere.
    pub href: String,
    pub name: String,
    pub size: String,
    /// Value of the button that takes it away.
    pub remove: String,
}

/// The inputs of a field at a place, with what was answered.
pub(crate) fn widget(
    field: &Field,
    path: &str,
    answer: Option<&Answer>,
    faults: &FormErrors,
) -> Widget {
    let text = || match answer {
        Some(Answer::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let typed = answer.and_then(|answer| read(field, answer).ok().flatten());
    let input = |kind, value, width| Widget::Input {
        kind,
        value,
        width,
        unit: field.unit().to_owned(),
    };
    match &field.kind {
        Kind::Text(_) | Kind::CreditCode | Kind::Division | Kind::Industry => {
            input("text", text(), "20")
        }
        Kind::PersonName => input("text", text(), "10"),
        Kind::Phone => input("tel", text(), "20"),
        Kind::Email => input("email", text(), "20"),
        Kind::Integer | Kind::Number(_) | Kind::Money | Kind::Ratio => {
            input("number", text(), "10")
        }
        Kind::Year => input("number", text(), "4"),
        // what is no date yet would not be shown by an input for dates
        Kind::Date(..) => match typed {
            Some(Typed::Date(day)) => input("date", day.to_string(), "10"),
            _ if text().is_empty() => input("date", String::new(), "10"),
            _ => input("text", text(), "10"),
        },
        Kind::LongText(_) => Widget::Area {
            value: text(),
            lines: AREA_LINES,
        },
        Kind::YesNo => {
            let current = typed.and_then(|typed| match typed {
                Typed::Bool(value) => Some(value.to_string()),
                _ => None,
            });
            let current = current.unwrap_or_default();
            Widget::Radios(vec![
                Choice::new("true", "是", &current),
                Choice::new("false", "否", &current),
            ])
        }
        Kind::OneOf => one_of(field, &text()),
        Kind::SeveralOf(..) => Widget::Checks(several_of(field, answer)),
        Kind::BankAccount => Widget::Account(account(path, answer, faults)),
        Kind::Files(rule) => Widget::Files(files(path, rule, answer)),
        Kind::Declaration(words) => Widget::Declaration {
            text: words.clone(),
            ticked: typed.is_some(),
        },
    }
}

fn one_of(field: &Field, current: &str) -> Widget {
    let choice = |choice: &String| Choice::new(choice, choice, current);
    let choices: Vec<Choice> = field.choices().iter().map(choice).collect();
    match choices.len() > RADIOS_MAX {
        false => Widget::Radios(choices),
        true => {
            let mut all = vec![Choice::new("", "请选择", current)];
            all.extend(choices);
            Widget::Select(all)
        }
    }
}

fn several_of(field: &Field, answer: Option<&Answer>) -> Vec<Choice> {
    let chosen = |choice: &String| match answer {
        Some(Answer::Texts(texts)) => texts.contains(choice),
        Some(Answer::Text(text)) => text == choice,
        _ => false,
    };
    let choice = |choice: &String| Choice {
        value: choice.clone(),
        label: choice.clone(),
        hint: String::new(),
        chosen: chosen(choice),
    };
    field.choices().iter().map(choice).collect()
}

fn account(path: &str, answer: Option<&Answer>, faults: &FormErrors) -> Vec<PartView> {
    let hint = |key: &str| match key {
        "holder" => "应与营业执照上的企业名称一致",
        "bank" => "写到支行，如：中国建设银行湖州分行营业部",
        "cnaps" => "12 位数字，开户银行可以告知",
        _ => "只填数字，空格会自动去掉",
    };
    let value = |key: &str| match answer {
        Some(Answer::Parts(parts)) => parts.get(key).cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let part = |(key, label): &(&'static str, &'static str)| {
        let path = format!("{path}-{key}");
        PartView {
            label,
            hint: hint(key),
            value: value(key),
            error: faults.of(&path).to_owned(),
            path,
        }
    };
    ACCOUNT_PARTS.iter().map(part).collect()
}

fn files(path: &str, rule: &FileRule, answer: Option<&Answer>) -> FilesView {
    let here: &[FileRef] = match answer {
        Some(Answer::Files(files)) => files,
        _ => &[],
    };
    let view = |file: &FileRef| FileView {
        file: file.file.clone(),
        href: String::new(),
        name: file.name.clone(),
        size: size(file.bytes),
        remove: format!("unfile:{path}:{}", file.file),
    };
    let names: Vec<&str> = rule.types.iter().map(|of| type_name(*of)).collect();
    FilesView {
        files: here.iter().map(view).collect(),
        accept: accept(rule),
        limits: format!(
            "{}；最多 {} 个，每个不超过 {}",
            names.join("、"),
            rule.count,
            size(rule.bytes)
        ),
        sample: rule.sample.clone(),
        bytes_max: rule.bytes,
        has_room: here.len() < rule.count,
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} 字节"),
        1024..1_048_576 => format!("{} KB", count(bytes.div_ceil(1024))),
        _ => format!("{} MB", count(bytes.div_ceil(1_048_576))),
    }
}

pub(crate) fn group_of(of: FileType) -> &'static [FileKind] {
    match of {
        FileType::Pages => kinds::PAGES,
        FileType::Images => kinds::IMAGES,
        FileType::Office => kinds::OFFICE,
        FileType::Tables => kinds::TABLES,
        FileType::Archives => kinds::ARCHIVES,
        FileType::Video => kinds::VIDEO,
        FileType::Audio => kinds::AUDIO,
    }
}

pub(crate) fn type_name(of: FileType) -> &'static str {
    match of {
        FileType::Pages => "PDF、OFD",
        FileType::Images => "图片",
        FileType::Office => "Office 文档",
        FileType::Tables => "表格",
        FileType::Archives => "ZIP 压缩包",
        FileType::Video => "视频",
        FileType::Audio => "录音",
    }
}

/// What the browser offers to choose; what is sent is looked at again.
fn accept(rule: &FileRule) -> String {
    let group = |of: &FileType| match of {
        FileType::Pages => ".pdf,.ofd",
        FileType::Images => "image/*",
        FileType::Office => ".doc,.docx,.xls,.xlsx,.ppt,.pptx,.wps,.et,.dps",
        FileType::Tables => ".csv,.xls,.xlsx,.et",
        FileType::Archives => ".zip",
        FileType::Video => "video/*",
        FileType::Audio => "audio/*",
    };
    rule.types.iter().map(group).collect::<Vec<_>>().join(",")
}
