//! How an appeal begins.

use serde_json::json;
use sha2::{Digest, Sha256};
use zhida_casework::{Case, Opening, Party, Rules};
use zhida_letters::{CODE_BYTES, CheckCode};
use zhida_platform::access::Viewer;
use zhida_platform::cases::{NewCase, calendar, party};
use zhida_platform::db::Tx;
use zhida_platform::files::Subject;
use zhida_platform::ids;
use zhida_platform::problem::Problem;

use super::run::{CASES, due_words_of};
use super::store::{self, NewRow, NewVoice};
use crate::error::Error;
use crate::model::{FILES_MAX, NewAppeal, Submitted, TEXT_MAX, TITLE_MAX};
use crate::rules;
use crate::service::Appeals;
use crate::told::SUBMITTED;
use crate::words::{Confidentiality, Track};

/// Characters of a title that is made from the text.
const TITLE_MADE: usize = 30;
/// The kind of subject that an appeal's files have in the store.
pub(crate) const FILES_OF: &str = "appeal";

impl Appeals {
    /// Registers an appeal within the caller's transaction, with its first voice and its files, and tells the enterprise.
    /// The caller appends the audit record, last.
    ///
    /// # Errors
    /// No text, one that is too long, an unknown or closed category, too many files; the database.
    pub async fn submit(
        &self,
        tx: &Tx,
        new: &NewAppeal<'_>,
        viewer: &Viewer,
    ) -> Result<Submitted, Error> {
        let text = checked(new)?;
        let title = title(new.title, text)?;
        let now = self.clock.now();
        let published = rules::rules_in(tx, now).await?;
        let catalogue = rules::catalogue(tx).await?.catalogue;
        let category = new.category.trim().trim_matches('/');
        if !category.is_empty() && !catalogue.open().any(|one| one.path == category) {
            return Err(Error::field(
                "category",
                "这个分类不存在或者已停用，请重新选择，拿不准可以不选",
            ));
        }
        let place = match new.place {
            "" => published.rules.place.as_str(),
            place => place,
        };
        let route = rules::route_of(&published.rules.preset, Track::Simple)?;
        let city = calendar::load(tx).await?;
        let rules = Rules {
            route: &route,
            calendar: &city.calendar,
        };
        let by = appellant(viewer, new.enterprise.map(|(code, _)| code));
        let events = Case::open(&Opening::default(), &by, now, &rules)?;
        let (enterprise, enterprise_name) = new.enterprise.unwrap_or_default();
        let head = NewCase {
            enterprise,
            place,
            title: &title,
            // its category changes
            topic: "",
        };
        let loaded = CASES.open(tx, &head, &events, &rules).await?;
        let case = loaded.head.id.to_string();
        let suggested = self.guess(&title, text);
        let row = NewRow {
            case: &case,
            channel: new.channel,
            source: new.source,
            text,
            category,
            category_name: &name_of(&catalogue, category),
            place_words: new.place_words.trim(),
            enterprise_name,
            confidentiality: new.confidentiality,
            rules: published.revision,
            suggested: suggested.first().map_or("", |one| one.path.as_str()),
        };
        store::insert(tx, &row).await?;
        let code = random_code()?;
        let voice = ids::next(now).to_string();
        let contact = json!(new.contact).to_string();
        let voice = NewVoice {
            id: &voice,
            case: &case,
            channel: new.channel,
            enterprise,
            enterprise_name,
            account: new.account.map(|id| id.to_string()),
            text,
            contact: &contact,
            confidentiality: new.confidentiality,
            code_digest: &code_digest(&code),
        };
        store::insert_voice(tx, &voice, now).await?;
        let uploader = new.account.map(|id| id.to_string()).unwrap_or_default();
        for file in new.files {
            let subject = Subject {
                kind: FILES_OF,
                id: &case,
            };
            self.files.attach(tx, file, subject, &uploader).await?;
        }
        if new.confidentiality != Confidentiality::Secret {
            let words = format!("{title}\n{text}");
            self.remember_after(tx, loaded.head.id, words, enterprise, place);
        }
        if !enterprise.is_empty() {
            let due = due_words_of(&loaded);
            self.tell_enterprise(tx, &loaded.head, enterprise, &SUBMITTED, &[("due", &due)])
                .await?;
        }
        Ok(Submitted {
            case_id: case,
            number: loaded.head.number,
            check_code: code,
        })
    }
}

/// The name of a category for lists; nothing while there is none.
pub(super) fn name_of(catalogue: &rules::Catalogue, category: &str) -> String {
    match category {
        "" => String::new(),
        path => catalogue.full_name(path),
    }
}

/// Whoever submits, as a party: an officer who registers, the enterprise's own people, or whoever speaks without an account.
fn appellant(viewer: &Viewer, enterprise: Option<&str>) -> Party {
    party(viewer).unwrap_or_else(|| Party::Enterprise {
        code: enterprise.unwrap_or_default().to_owned(),
        person: None,
        agency: None,
    })
}

fn checked<'a>(new: &NewAppeal<'a>) -> Result<&'a str, Error> {
    let text = new.text.trim();
    let length = text.chars().count();
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Error::field(
            "text",
            "请用文字写明诉求：什么事、在哪里、希望怎样解决",
        ));
    }
    if length > TEXT_MAX {
        return Err(Error::field(
            "text",
            format!("诉求有 {length} 字，最多 {TEXT_MAX} 字：请写要点，详细材料作为附件上传"),
        ));
    }
    if new.files.len() > FILES_MAX {
        return Err(Error::field("files", format!("附件最多 {FILES_MAX} 个")));
    }
    Ok(text)
}

/// The title as given, or the beginning of the text up to its first stop.
fn title(given: &str, text: &str) -> Result<String, Error> {
    let given = given.trim();
    if given.chars().count() > TITLE_MAX {
        return Err(Error::field("title", format!("标题最多 {TITLE_MAX} 个字")));
    }
    if !given.is_empty() {
        return Ok(given.to_owned());
    }
    // marks before the first word would leave a title of nothing
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let line = text.lines().next().unwrap_or(text);
    let stop = line
        .find(['。', '！', '？', '；', '!', '?'])
        .unwrap_or(line.len());
    let sentence = &line[..stop];
    let made: String = sentence.chars().take(TITLE_MADE).collect();
    Ok(match made.len() < sentence.len() {
        true => format!("{}…", made.trim_end_matches(|c: char| !c.is_alphanumeric())),
        false => made,
    })
}

/// A check code of the system's randomness.
pub(crate) fn random_code() -> Result<CheckCode, Error> {
    let mut random = [0; CODE_BYTES];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(CheckCode::from_random(random))
}

/// What is kept of a check code. It has 75 random bits: a plain digest cannot be searched.
pub(crate) fn code_digest(code: &CheckCode) -> String {
    let digest = Sha256::digest(format!("appeal-code:{}", code.plain()));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_made_of_the_first_sentence() {
        for (given, text, made) in [
            ("", "厂区门口路灯不亮。已经一周了", "厂区门口路灯不亮"),
            (" 停电 ", "从昨天起", "停电"),
            ("", "第一行\n第二行", "第一行"),
            ("", "！！！停电了！快来", "停电了"),
            ("", "😡😡\n路灯不亮", "路灯不亮"),
        ] {
            assert_eq!(title(given, text).ok().as_deref(), Some(made));
        }
        let long = "长".repeat(80);
        let cut = format!("{}…", "长".repeat(TITLE_MADE));
        for end in ["", "。", "。后面还有"] {
            assert_eq!(title("", &format!("{long}{end}")).ok(), Some(cut.clone()));
        }
        let comma = format!("{}，{long}", "长".repeat(TITLE_MADE - 1));
        let cut = format!("{}…", "长".repeat(TITLE_MADE - 1));
        assert_eq!(title("", &comma).ok(), Some(cut));
        assert!(title(&long, "短").is_err());
    }
}
