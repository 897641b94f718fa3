//! Agenda, task list and minutes as letters: one text, printed as PDF or written as DOCX.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use zhida_letters::{Block, Column, Letter, Table};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::format::date_zh;
use zhida_platform::problem::Problem;

use crate::error::Error;
use crate::model::{Attendee, Item, Meeting, Task};
use crate::service::{Meetings, Whole};
use crate::words::{AttendeePart, MeetingState};

/// What is printed of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 议程.
    Agenda,
    /// 交办清单.
    Tasks,
    /// 纪要.
    Minutes,
}

/// As which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Looks the same everywhere.
    Pdf,
    /// For whoever goes on writing.
    Docx,
}

impl Paper {
    fn word(self) -> &'static str {
        match self {
            Self::Agenda => "议程",
            Self::Tasks => "交办清单",
            Self::Minutes => "纪要",
        }
    }
}

/// Paper and format of a file's name in an address: `agenda.pdf`.
pub(crate) fn read(file: &str) -> Option<(Paper, Format)> {
    let (paper, format) = file.split_once('.')?;
    let paper = match paper {
        "agenda" => Paper::Agenda,
        "tasks" => Paper::Tasks,
        "minutes" => Paper::Minutes,
        _ => return None,
    };
    let format = match format {
        "pdf" => Format::Pdf,
        "docx" => Format::Docx,
        _ => return None,
    };
    Some((paper, format))
}

impl Meetings {
    /// A paper of a meeting as a file; that it was taken away is on record first.
    ///
    /// # Errors
    /// Beyond reach; no font for a PDF; the database.
    pub async fn paper(
        &self,
        viewer: &Viewer,
        id: &str,
        paper: Paper,
        format: Format,
    ) -> Result<(String, Vec<u8>), Error> {
        let whole = self.whole(viewer, id).await?;
        let letter = letter(&whole, paper);
        let bytes = match format {
            Format::Pdf => self.press.pdf(&letter).map_err(|why| {
                Problem::refused(why).hint("没有字体时可以下载 DOCX，在自己的电脑上打印")
            })?,
            Format::Docx => letter.docx().map_err(Problem::internal)?,
        };
        let extension = match format {
            Format::Pdf => "pdf",
            Format::Docx => "docx",
        };
        let entry = Entry::view(self.clock.now(), viewer, "meeting.print", "meeting", id)
            .detail(json!({ "paper": paper.word(), "format": extension }));
        audit::record(&self.db, &[entry]).await?;
        let meeting = &whole.meeting;
        let name = format!(
            "{}-{}-{}.{extension}",
            meeting.title,
            meeting.held_on,
            paper.word()
        );
        Ok((name, bytes))
    }
}

/// A file to be saved.
pub(crate) fn download(name: &str, bytes: Vec<u8>) -> Response {
    let kind = match name.ends_with(".pdf") {
        true => "application/pdf",
        false => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    };
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let disposition = HeaderValue::from_str(&disposition)
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, bytes).into_response()
}

fn letter(whole: &Whole, paper: Paper) -> Letter {
    let meeting = &whole.meeting;
    let blocks = match paper {
        Paper::Agenda => agenda(whole),
        Paper::Tasks => vec![Block::Paragraph(when(meeting)), tasks(&whole.tasks)],
        Paper::Minutes => minutes(whole),
    };
    Letter {
        title: format!("{}{}", meeting.title, paper.word()),
        number: match (paper, meeting.state) {
            (Paper::Minutes, MeetingState::Held) => "（草稿，未印发）".to_owned(),
            _ => String::new(),
        },
        blocks,
        signed_by: meeting.organisation.clone(),
        date: date_zh(meeting.held_on),
        ..Letter::default()
    }
}

fn when(meeting: &Meeting) -> String {
    let mut words = format!("时间：{} {}", date_zh(meeting.held_on), meeting.at_time);
    if !meeting.moved.is_empty() {
        words.push_str(&format!("（{}）", meeting.moved));
    }
    if !meeting.venue.is_empty() {
        words.push_str(&format!("\n地点：{}", meeting.venue));
    }
    words.push_str(&format!("\n主持：{}", meeting.chair));
    words
}

fn agenda(whole: &Whole) -> Vec<Block> {
    let mut blocks = vec![
        Block::Paragraph(when(&whole.meeting)),
        Block::Heading("一、参会单位和人员".to_owned()),
        Block::Paragraph(people(&whole.attendees, false)),
        Block::Heading("二、议题".to_owned()),
    ];
    blocks.push(match whole.items.is_empty() {
        true => Block::Paragraph("还没有议题。".to_owned()),
        false => Block::Table(Table {
            columns: vec![
                column("序号", 1, true),
                column("议题", 5, false),
                column("企业", 4, false),
                column("诉求编号", 4, false),
                column("情况", 5, false),
            ],
            rows: whole.items.iter().map(item_row).collect(),
        }),
    });
    blocks
}

fn item_row(item: &Item) -> Vec<String> {
    vec![
        item.position.to_string(),
        item.title.clone(),
        item.enterprise_name.clone(),
        item.number.clone(),
        item.words.clone(),
    ]
}

fn minutes(whole: &Whole) -> Vec<Block> {
    let mut blocks = vec![
        Block::Paragraph(when(&whole.meeting)),
        Block::Paragraph(people(&whole.attendees, true)),
    ];
    if !whole.meeting.minutes.is_empty() {
        blocks.push(Block::Paragraph(whole.meeting.minutes.clone()));
    }
    for item in &whole.items {
        blocks.push(Block::Heading(format!("{}．{}", item.position, item.title)));
        let result = match item.result.as_str() {
            "" => "（未研究）",
            result => result,
        };
        blocks.push(Block::Paragraph(result.to_owned()));
    }
    if !whole.tasks.is_empty() {
        blocks.push(Block::Heading("交办清单".to_owned()));
        blocks.push(tasks(&whole.tasks));
    }
    blocks
}

/// Who takes part, or who was there, by their part.
fn people(attendees: &[Attendee], present: bool) -> String {
    let lines = AttendeePart::ALL.iter().filter_map(|part| {
        let names: Vec<String> = attendees
            .iter()
            .filter(|one| one.part == *part && (one.present || !present))
            .map(|one| [one.body.as_str(), one.person.as_str()].concat())
            .collect();
        (!names.is_empty()).then(|| format!("{}：{}", part.word(), names.join("、")))
    });
    let lines: Vec<String> = lines.collect();
    match lines.is_empty() {
        true => "参会人员未登记。".to_owned(),
        false => lines.join("\n"),
    }
}

fn tasks(tasks: &[Task]) -> Block {
    if tasks.is_empty() {
        return Block::Paragraph("本次会议没有交办事项。".to_owned());
    }
    let row = |task: &Task| {
        let charged = [task.body.as_str(), task.person.as_str()].join("\n");
        vec![
            task.position.to_string(),
            match task.appeal_number.as_str() {
                "" => task.matter.clone(),
                number => format!("{}\n（{number}）", task.matter),
            },
            task.measure.clone(),
            task.leader.clone(),
            charged,
            task.due_on.to_string(),
            task.state.word().to_owned(),
        ]
    };
    Block::Table(Table {
        columns: vec![
            column("序号", 2, true),
            column("事项", 6, false),
            column("举措和目标", 7, false),
            column("包联领导", 3, false),
            column("责任单位、责任人", 5, false),
            column("期限", 4, false),
            column("状态", 3, false),
        ],
        rows: tasks.iter().map(row).collect(),
    })
}

fn column(heading: &str, share: u16, figures: bool) -> Column {
    Column {
        heading: heading.to_owned(),
        share,
        figures,
    }
}
