//! The only SQL of the room's cases.

mod appeals;
mod handling;
mod texts;
mod visits;
mod voices;

use sea_orm::FromQueryResult;

pub(crate) use appeals::find;
pub(super) use appeals::{
    NewRow, add_body, count, counts, insert, list, median_days, merged_tree, reaches, replied, set,
};
pub(crate) use handling::{
    ExtensionRow, ReplyRow, SupervisionRow, extensions, open_extension, replies, supervision,
};
pub(super) use handling::{insert_extension, insert_reply, insert_supervision, settle_extension};
pub(super) use texts::{TextRow, correct, texts};
pub(super) use visits::{NewVisitRow, insert_visit, resolutions};
pub(crate) use visits::{VisitRow, visits};
pub(crate) use voices::VoiceRow;
pub(super) use voices::{
    NewVoice, VOICES_MAX, answer, forget_answers, insert_voice, move_voices, own_voice,
    return_voices, voice_of_code, voices, waiting,
};

#[derive(FromQueryResult)]
struct Id {
    id: String,
}
