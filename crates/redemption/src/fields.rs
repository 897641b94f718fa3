//! What a form sent: as all rooms read it.

pub(crate) use zhida_ui::Fields;
