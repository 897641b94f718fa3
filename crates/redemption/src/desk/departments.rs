//! The bodies that can be asked: the platform's.

pub use zhida_platform::cases::Departments;
