//! What clients send: fields of a form, and arguments in the address. Pure; every mistake is named, all at once.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::model::{Fault, Status};

/// Characters of a description, by the specification.
pub(crate) const DESCRIPTION_MAX: usize = 4_000;
/// Characters of any other text.
const TEXT_MAX: usize = 300;
/// Characters of an address of a picture.
const URL_MAX: usize = 2_000;
/// Days that a search may span, by the specification.
const SPAN_DAYS: i64 = 90;
/// Ids, codes in one search at most.
const LIST_MAX: usize = 1_000;

/// Fields as they were sent, in order.
pub(crate) type Sent = [(String, String)];

/// A request as sent, its form checked. Whether the service exists is asked elsewhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Submission {
    pub service_code: String,
    /// Latitude and longitude, WGS 84.
    pub point: Option<(f64, f64)>,
    pub address: String,
    pub address_id: String,
    pub zipcode: String,
    pub description: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub email: String,
    pub device_id: String,
    pub account_id: String,
    pub media_url: String,
    /// Answers to the attributes of the service, in the order sent.
    pub attributes: Vec<(String, String)>,
}

impl Submission {
    /// Reads the fields of `POST requests`.
    ///
    /// # Errors
    /// All that is missing or wrong.
    pub(crate) fn read(sent: &Sent) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(sent);
        let submission = Self {
            service_code: reader.text("service_code", TEXT_MAX),
            point: reader.point(),
            address: reader.text("address_string", TEXT_MAX),
            address_id: reader.text("address_id", TEXT_MAX),
            zipcode: reader.text("zipcode", TEXT_MAX),
            description: reader.text("description", DESCRIPTION_MAX),
            first_name: reader.text("first_name", TEXT_MAX),
            last_name: reader.text("last_name", TEXT_MAX),
            phone: reader.text("phone", TEXT_MAX),
            email: reader.text("email", TEXT_MAX),
            device_id: reader.text("device_id", TEXT_MAX),
            account_id: reader.text("account_id", TEXT_MAX),
            media_url: reader.media_url(),
            attributes: reader.attributes(),
        };
        submission.look_over(&mut reader);
        reader.done(submission)
    }

    fn look_over(&self, reader: &mut Reader<'_>) {
        if self.service_code.is_empty() {
            reader.fault("没有 service_code（诉求分类）：请先用 GET services 取得分类，再提交");
        }
        if self.description.is_empty() {
            reader.fault("没有 description（诉求内容）：请写明什么事、在哪里、希望怎样解决");
        }
        let without_place =
            self.point.is_none() && self.address.is_empty() && self.address_id.is_empty();
        if without_place && !reader.names("lat") && !reader.names("long") {
            reader.fault("没有地点：请提供 lat 和 long、address_string、address_id 三者之一");
        }
    }

    /// The answer to an attribute; empty when there is none.
    pub(crate) fn attribute(&self, code: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == code);
        found.map_or("", |(_, value)| value)
    }

    /// The person's name, family name first where it is Chinese.
    pub(crate) fn person(&self) -> String {
        let chinese = |text: &str| {
            text.chars()
                .any(|one| ('\u{4E00}'..='\u{9FFF}').contains(&one))
        };
        let (first, last) = (self.first_name.as_str(), self.last_name.as_str());
        match (first.is_empty() || last.is_empty(), chinese(last)) {
            (true, _) => format!("{last}{first}"),
            (false, true) => format!("{last}{first}"),
            (false, false) => format!("{first} {last}"),
        }
    }
}

/// What `GET requests` asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Search {
    /// These, whatever else was said.
    Ids(Vec<String>),
    /// Those that fit all of it.
    Where {
        codes: Vec<String>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        status: Option<Status>,
        /// Only what changed since (`updated_after`, an extension that many servers have).
        changed_since: Option<DateTime<Utc>>,
    },
}

impl Search {
    /// Reads the arguments; without dates the last 90 days.
    ///
    /// # Errors
    /// All that is wrong.
    pub(crate) fn read(sent: &Sent, now: DateTime<Utc>) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(sent);
        let ids = reader.list("service_request_id");
        if !ids.is_empty() {
            return reader.done(Self::Ids(ids));
        }
        let span = TimeDelta::days(SPAN_DAYS);
        let (from, until) = (reader.instant("start_date"), reader.instant("end_date"));
        let (from, until) = match (from, until) {
            (Some(from), Some(until)) => (from, until),
            (Some(from), None) => (from, now.min(later(from, span))),
            (None, Some(until)) => (later(until, -span), until),
            (None, None) => (now - span, now),
        };
        if from > until {
            reader.fault("start_date 晚于 end_date：请对调");
        } else if until - from > span {
            reader.fault("start_date 到 end_date 超过 90 天：请分几次查询");
        }
        let changed_since = reader.instant("updated_after");
        let codes = reader.list("service_code");
        let status = reader.status();
        reader.done(Self::Where {
            codes,
            from,
            until,
            status,
            changed_since,
        })
    }
}

/// An instant moved, which never leaves the calendar.
fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(at)
}

/// One field, the first of its name, without spaces around.
pub(crate) fn one<'s>(sent: &'s Sent, name: &str) -> &'s str {
    let found = sent.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.trim())
}

/// 400 with a sentence.
pub(crate) fn bad(description: impl Into<String>) -> Fault {
    Fault {
        code: 400,
        description: description.into(),
    }
}

struct Reader<'s> {
    sent: &'s Sent,
    faults: Vec<Fault>,
}

impl<'s> Reader<'s> {
    fn new(sent: &'s Sent) -> Self {
        Self {
            sent,
            faults: Vec::new(),
        }
    }

    fn done<T>(self, read: T) -> Result<T, Vec<Fault>> {
        match self.faults.is_empty() {
            true => Ok(read),
            false => Err(self.faults),
        }
    }

    fn fault(&mut self, description: impl Into<String>) {
        self.faults.push(bad(description));
    }

    /// Whether the field was filled in.
    fn names(&self, name: &str) -> bool {
        !one(self.sent, name).is_empty()
    }

    fn text(&mut self, name: &str, length_max: usize) -> String {
        // what cannot be kept in every database or shown in XML is dropped
        let kept = |one: &char| matches!(one, '\n' | '\t') || !one.is_control();
        let text: String = one(self.sent, name).replace("\r\n", "\n");
        let text: String = text.chars().filter(kept).collect();
        let length = text.chars().count();
        if length > length_max {
            self.fault(format!(
                "{name} 有 {length} 个字，最多 {length_max} 个：请写短一些"
            ));
            return String::new();
        }
        text
    }

    fn point(&mut self) -> Option<(f64, f64)> {
        let (lat, long) = (one(self.sent, "lat"), one(self.sent, "long"));
        match (lat.is_empty(), long.is_empty()) {
            (true, true) => return None,
            (false, false) => {}
            _ => {
                self.fault("lat 和 long 要一起提供");
                return None;
            }
        }
        let degrees = |text: &str, most: f64| {
            let read: Option<f64> = text.parse().ok();
            read.filter(|degrees| degrees.is_finite() && degrees.abs() <= most)
        };
        match (degrees(lat, 90.0), degrees(long, 180.0)) {
            (Some(lat), Some(long)) => Some((lat, long)),
            (None, _) => {
                self.fault("lat 应是 -90 至 90 之间的十进制度数（WGS 84），例如 30.893");
                None
            }
            (_, None) => {
                self.fault("long 应是 -180 至 180 之间的十进制度数（WGS 84），例如 120.086");
                None
            }
        }
    }

    fn media_url(&mut self) -> String {
        let text = self.text("media_url", URL_MAX);
        let fits = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if text.is_empty() || Url::parse(&text).is_ok_and(fits) {
            return text;
        }
        self.fault("media_url 应是以 http:// 或 https:// 开头的完整地址");
        String::new()
    }

    /// `attribute[CODE]` and `attribute[CODE][]`.
    fn attributes(&mut self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, value) in self.sent {
            let code = name.strip_prefix("attribute[");
            let code = code.map(|rest| rest.strip_suffix("[]").unwrap_or(rest));
            let Some(code) = code.and_then(|rest| rest.strip_suffix(']')) else {
                continue;
            };
            if value.chars().count() > DESCRIPTION_MAX {
                self.fault(format!("attribute[{code}] 超过 {DESCRIPTION_MAX} 个字"));
            } else {
                found.push((code.to_owned(), value.trim().to_owned()));
            }
        }
        found
    }

    /// All values of an argument, which may be repeated or separated by commas.
    fn list(&mut self, name: &str) -> Vec<String> {
        let sent = self.sent.iter().filter(|(known, _)| known == name);
        let parts = sent.flat_map(|(_, value)| value.split(','));
        let parts = parts.map(str::trim).filter(|part| !part.is_empty());
        let found: Vec<String> = parts.map(str::to_owned).collect();
        if found.len() > LIST_MAX {
            self.fault(format!("{name} 一次最多 {LIST_MAX} 个"));
            return Vec::new();
        }
        found
    }

    fn instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        // a plus sign that was not encoded arrives as a space
        let text = one(self.sent, name).replace(' ', "+");
        if text.is_empty() {
            return None;
        }
        let read = DateTime::parse_from_rfc3339(&text).ok();
        if read.is_none() {
            self.fault(format!(
                "{name} 应是带时区的 W3C 时间，例如 2026-11-22T08:00:00+08:00 或 2026-11-22T00:00:00Z"
            ));
        }
        read.map(|at| at.with_timezone(&Utc))
    }

    /// Both together are no condition.
    fn status(&mut self) -> Option<Status> {
        let asked = self.list("status");
        let mut found = Vec::new();
        for one in &asked {
            match one.as_str() {
                "open" => found.push(Status::Open),
                "closed" => found.push(Status::Closed),
                _ => self.fault("status 只能是 open 或 closed"),
            }
        }
        found.dedup();
        (found.len() == 1).then(|| found[0])
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    fn sent(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    fn decoded(body: &str) -> Vec<(String, String)> {
        url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_request_as_in_the_specifications_example_is_read() {
        let body = "api_key=xyz&jurisdiction_id=city.gov&service_code=001&lat=37.76524078&long=-122.4212043\
            &address_string=1234+5th+street&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456\
            &first_name=john&last_name=smith&phone=111111111&description=A+large+sinkhole\
            &media_url=http%3A%2F%2Ffarm3.example.com%2F2002%2Fa.jpg&attribute[WHISPAWN]=123456&attribute[WHISDORN]=COISL001";
        let read = Submission::read(&decoded(body)).unwrap();
        assert_eq!(read.service_code, "001");
        assert_eq!(read.point, Some((37.765_240_78, -122.421_204_3)));
        assert_eq!(read.address, "1234 5th street");
        assert_eq!(read.email, "smit333@sfgov.edu");
        assert_eq!(read.person(), "john smith");
        assert_eq!(read.attribute("WHISDORN"), "COISL001");
        assert_eq!(read.media_url, "http://farm3.example.com/2002/a.jpg");
    }

    #[test]
    fn without_a_place_it_is_refused_by_name() {
        let faults = Submission::read(&sent(&[("service_code", "a"), ("description", "b")]));
        let faults = faults.unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].code, 400);
        assert!(faults[0].description.contains("没有地点"));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let long = "甲".repeat(DESCRIPTION_MAX + 1);
        let fields = [
            ("lat", "91"),
            ("long", "120"),
            ("description", long.as_str()),
            ("media_url", "javascript:alert(1)"),
        ];
        let faults = Submission::read(&sent(&fields)).unwrap_err();
        let words: Vec<&str> = faults.iter().map(|one| one.description.as_str()).collect();
        assert!(words.iter().any(|one| one.starts_with("lat ")), "{words:?}");
        assert!(words.iter().any(|one| one.contains("4001 个字")));
        assert!(words.iter().any(|one| one.starts_with("media_url")));
        assert!(words.iter().any(|one| one.contains("service_code")));
    }

    #[test]
    fn half_a_point_is_no_point() {
        let fields = [("service_code", "a"), ("description", "b"), ("lat", "30")];
        let faults = Submission::read(&sent(&fields)).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].description.contains("一起提供"));
    }

    #[test]
    fn chinese_names_stand_family_name_first() {
        let person = |first: &str, last: &str| {
            let read = Submission {
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                ..Submission::default()
            };
            read.person()
        };
        assert_eq!(person("三", "张"), "张三");
        assert_eq!(person("John", "Smith"), "John Smith");
        assert_eq!(person("", "张三"), "张三");
    }

    #[test]
    fn without_dates_the_last_ninety_days_are_searched() {
        let now = at("2026-11-22T00:00:00Z");
        let Search::Where { from, until, .. } = Search::read(&[], now).unwrap() else {
            panic!("no ids were asked for");
        };
        assert_eq!((until, until - from), (now, TimeDelta::days(90)));
    }

    #[test]
    fn ids_override_everything_else() {
        let fields = sent(&[("service_request_id", "a, b"), ("start_date", "gestern")]);
        let found = Search::read(&fields, at("2026-11-22T00:00:00Z")).unwrap();
        assert_eq!(found, Search::Ids(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn dates_are_read_with_their_offset_and_span_ninety_days_at_most() {
        let now = at("2026-11-22T00:00:00Z");
        let search = |from: &str, until: &str| {
            Search::read(&sent(&[("start_date", from), ("end_date", until)]), now)
        };
        let found = search("2026-08-01T08:00:00 08:00", "2026-10-30T00:00:00Z").unwrap();
        let Search::Where { from, .. } = found else {
            panic!("no ids were asked for");
        };
        assert_eq!(from, at("2026-08-01T00:00:00Z"));
        for (from, until, words) in [
            ("2026-08-01T00:00:00Z", "2026-10-31T00:00:00Z", "90 天"),
            ("2026-10-31T00:00:00Z", "2026-08-01T00:00:00Z", "对调"),
            ("2026-08-01", "2026-08-02T00:00:00Z", "带时区"),
        ] {
            let faults = search(from, until).unwrap_err();
            assert!(faults[0].description.contains(words), "{faults:?}");
        }
    }

    #[test]
    fn a_status_is_open_or_closed_and_both_are_all() {
        let status =
            |text: &str| Search::read(&sent(&[("status", text)]), at("2026-11-22T08:00:00Z"));
        let found = |text: &str| match status(text).unwrap() {
            Search::Where { status, .. } => status,
            Search::Ids(_) => panic!("no ids were asked for"),
        };
        assert_eq!(found("open"), Some(Status::Open));
        assert_eq!(found("open,closed"), None);
        assert_eq!(found(""), None);
        assert!(status("resolved").is_err());
    }

    proptest! {
        /// Whatever arrives is answered: read with a place, or refused with 400 and words.
        #[test]
        fn any_form_is_read_or_refused(body in ".{0,400}", lat in ".{0,8}", long in any::<f64>()) {
            let mut fields = decoded(&body);
            fields.push(("lat".to_owned(), lat));
            fields.push(("long".to_owned(), long.to_string()));
            match Submission::read(&fields) {
                Ok(read) => prop_assert!(read.point.is_some() && !read.service_code.is_empty()),
                Err(faults) => {
                    prop_assert!(!faults.is_empty());
                    prop_assert!(faults.iter().all(|one| one.code == 400 && !one.description.is_empty()));
                }
            }
        }

        #[test]
        fn any_search_is_read_or_refused(body in ".{0,400}", start in ".{0,30}") {
            let mut fields = decoded(&body);
            fields.push(("start_date".to_owned(), start));
            let now = "2026-11-22T00:00:00Z".parse().unwrap();
            if let Ok(Search::Where { from, until, .. }) = Search::read(&fields, now) {
                prop_assert!(from <= until && until - from <= TimeDelta::days(90));
            }
        }

        /// What was sent as fields is what is read: nothing is swallowed by encoding.
        #[test]
        fn fields_survive_the_form(text in "[^\\p{Cc}]{1,200}") {
            let body: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("service_code", "a").append_pair("description", &text)
                .append_pair("address_id", "1").finish();
            if text.trim().is_empty() {
                prop_assert!(Submission::read(&decoded(&body)).is_err());
            } else {
                let read = Submission::read(&decoded(&body)).unwrap();
                prop_assert_eq!(read.description, text.trim());
            }
        }
    }
}
