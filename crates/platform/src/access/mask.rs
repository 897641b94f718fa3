//! What remains of personal data for those who may not see it plain.
//!
//! The forms are those of `zhida_standards::mask`: 张*, 138****5678, 110101********1234,
//! z***@example.cn.

pub use zhida_standards::mask::{bank_card, citizen_id as id_number, email, mobile as phone, name};
