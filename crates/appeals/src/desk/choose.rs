//! Which forms stand on the case page, and what they offer.

use zhida_casework::Rules;
use zhida_platform::cases::party;
use zhida_ui::{Choice, Fields, Frame};

use super::forms::plain;
use crate::cases::Sight;
use crate::words::{Claim, Confidentiality, Outcome, Satisfaction, Stage, Supervision, Track, Way};

/// Which forms stand on the page.
#[derive(Default)]
pub(super) struct Can {
    pub any: bool,
    pub take: bool,
    pub accept: bool,
    pub turn_down: bool,
    pub dispatch: bool,
    pub object: bool,
    pub settle: bool,
    pub contacted: bool,
    pub plan: bool,
    pub ask: bool,
    pub opinion: bool,
    pub reply: bool,
    pub extend: bool,
    pub settle_extension: bool,
    pub manage: bool,
    pub escalate: bool,
    pub merge: bool,
    pub unmerge: bool,
    pub visit: bool,
    pub supervise: bool,
    pub rehandle: bool,
    pub note: bool,
}

impl Can {
    /// Whether the form of a step stands on the page.
    pub fn has(&self, step: &str) -> bool {
        match step {
            "take" => self.take,
            "accept" => self.accept,
            "turn_down" => self.turn_down,
            "dispatch" => self.dispatch,
            "object" => self.object,
            "settle_objection" => self.settle,
            "contacted" => self.contacted,
            "plan" => self.plan,
            "ask" => self.ask,
            "opinion" => self.opinion,
            "reply" => self.reply,
            "extend" => self.extend,
            "settle_extension" => self.settle_extension,
            "sort" | "transfer" | "conceal" => self.manage,
            "escalate" => self.escalate,
            "merge" => self.merge,
            "unmerge" => self.unmerge,
            "visit" => self.visit,
            "supervise" => self.supervise,
            "rehandle" | "conclude" => self.rehandle,
            "note" => self.note,
            _ => false,
        }
    }
}

pub(super) struct Choose {
    pub categories: Vec<Choice>,
    pub tracks: Vec<Choice>,
    pub sort_categories: Vec<Choice>,
    pub sort_tracks: Vec<Choice>,
    pub turned_down: Vec<Choice>,
    pub claims: Vec<Choice>,
    pub confidentialities: Vec<Choice>,
    pub supervisions: Vec<Choice>,
    pub granted: Vec<Choice>,
}

pub(super) fn can(
    sight: &Sight,
    frame: &Frame,
    calendar: &zhida_casework::Calendar,
    asked: bool,
) -> Can {
    let view = &sight.view;
    let (case, stage) = (&view.loaded.case, view.loaded.case.stage());
    let rules = Rules {
        route: &view.route,
        calendar,
    };
    let Some(by) = party(&frame.viewer) else {
        return Can::default();
    };
    let choices = case.choices(&by, &rules);
    let open = case.is_open();
    let at = |one: Stage| open && stage == one;
    let handling = at(Stage::Contact) || at(Stage::Plan) || at(Stage::Handle);
    let mut can = Can {
        any: false,
        take: sight.leads && handling,
        accept: sight.intake && at(Stage::Intake),
        turn_down: sight.intake && (at(Stage::Intake) || at(Stage::Dispatch)),
        dispatch: sight.intake && at(Stage::Dispatch),
        object: sight.leads && choices.object && handling,
        settle: (sight.intake || sight.supervises) && choices.settle_objection,
        contacted: sight.leads && at(Stage::Contact),
        plan: sight.leads && at(Stage::Plan),
        ask: (sight.leads || sight.intake) && handling,
        opinion: sight.asked && open,
        reply: sight.leads && handling,
        extend: sight.leads && at(Stage::Handle) && !asked && view.rules.preset.extension.is_some(),
        settle_extension: (sight.intake || sight.supervises) && at(Stage::Handle) && asked,
        manage: sight.intake && open,
        escalate: open && handling && (sight.intake || sight.supervises || sight.leads),
        merge: sight.intake && open,
        unmerge: sight.intake && view.row.merged_into.is_some(),
        visit: sight.visits && at(Stage::Visit),
        supervise: sight.supervises && open,
        rehandle: sight.supervises && at(Stage::Supervision),
        note: open
            && (sight.leads || sight.asked || sight.intake || sight.supervises || sight.visits),
    };
    // whoever has any other form may also note
    can.any = can.note || can.unmerge;
    can
}

pub(super) fn choose(
    sight: &Sight,
    catalogue: &crate::rules::Catalogue,
    category: &str,
    typed: &Fields,
) -> Choose {
    let row = &sight.view.row;
    let typed_or = |name: &str, kept: &str| match typed.get(name) {
        "" => kept.to_owned(),
        typed => typed.to_owned(),
    };
    let categories = |field: &str| -> Vec<Choice> {
        let chosen = typed_or(field, category);
        let open = catalogue.open();
        let open = open.map(|one| Choice::new(&one.path, catalogue.full_name(&one.path), &chosen));
        std::iter::once(Choice::new("", "请选择", &chosen))
            .chain(open)
            .collect()
    };
    let tracks = |field: &str, usual: Track| -> Vec<Choice> {
        let chosen = typed_or(field, usual.slug());
        let all = Track::ALL.iter();
        all.map(|one| Choice::new(one.slug(), one.word(), &chosen))
            .collect()
    };
    let confidentiality = typed_or("conceal-confidentiality", row.confidentiality.slug());
    let supervision = typed_or("supervise-kind", "urge");
    let turned = [Outcome::NotAccepted, Outcome::Redirected, Outcome::Invalid];
    Choose {
        categories: categories("accept-category"),
        tracks: tracks(
            "accept-track",
            catalogue.track(category).unwrap_or(row.track),
        ),
        sort_categories: categories("sort-category"),
        sort_tracks: tracks("sort-track", row.track),
        turned_down: turned
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), typed.get("turn_down-outcome")))
            .collect(),
        claims: Claim::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), typed.get("reply-claim")))
            .collect(),
        confidentialities: Confidentiality::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), &confidentiality))
            .collect(),
        granted: [("yes", "同意"), ("no", "不同意")]
            .into_iter()
            .map(|(value, label)| Choice::new(value, label, typed.get("settle_extension-granted")))
            .collect(),
        supervisions: Supervision::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), &supervision))
            .collect(),
    }
}

/// What the form of a return visit offers; of the one that was sent back, with what was chosen. Several stand on one page:
/// the names of each end in its voice's number.
pub(super) struct VisitForm {
    number: usize,
    pub ways: Vec<Choice>,
    pub satisfactions: Vec<Choice>,
    pub resolved: Vec<Choice>,
    pub words: String,
    pub is_typed: bool,
}

impl VisitForm {
    /// Name and id of a field: `visit-words` of the first voice, `visit-words.2` of the second.
    pub fn named(&self, field: &str) -> String {
        match self.number {
            1 => format!("visit-{field}"),
            number => format!("visit-{field}.{number}"),
        }
    }
}

/// The form for a voice, which is the `number`th of the page.
pub(super) fn visit_form(voice: &str, number: usize, typed: &Fields) -> VisitForm {
    let is_typed = typed.get("visit-voice") == voice;
    // only one of them was sent; its voice may have had another number then
    let of = |field: &str, usual: &str| {
        let sent = typed.starting_with("visit-");
        let sent = sent.filter(|(name, _)| plain(name) == format!("visit-{field}"));
        match sent.map(|(_, value)| value).next() {
            Some(value) if is_typed => value.to_owned(),
            _ => usual.to_owned(),
        }
    };
    let way = of("way", "phone");
    let resolved = of("resolved", "");
    let ways = Way::ALL.iter().filter(|one| **one != Way::Own);
    let said = [("", "没有说"), ("yes", "已解决"), ("no", "未解决")];
    VisitForm {
        number,
        ways: ways
            .map(|one| Choice::new(one.slug(), one.word(), &way))
            .collect(),
        satisfactions: Choice::words(Satisfaction::parse(&of("satisfaction", "")), "请选择"),
        resolved: said
            .into_iter()
            .map(|(value, label)| Choice::new(value, label, &resolved))
            .collect(),
        words: of("words", ""),
        is_typed,
    }
}
